"""Kind ``campaign_member``: a segment is a Campaign, a membership a CampaignMember.

The mapping owns the members of its campaigns. A converted Lead is followed to its Contact. Members
are looked for, written and removed within their own campaign only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import (
    Change,
    Create,
    Delete,
    Exit,
    Found,
    Outcome,
    Received,
    Refused,
    Result,
    Row,
    Upsert,
    Value,
)
from destination_salesforce_intro.config import CampaignMemberMapping, SetOnExit
from destination_salesforce_intro.kinds.keys import is_someone_elses
from destination_salesforce_intro.kinds.segments import (
    Membership,
    compile_keys,
    is_about,
    memberships,
)
from destination_salesforce_intro.kinds.verdicts import (
    MISSING_KEY,
    choose,
    no_match,
    several,
    updates,
)
from destination_salesforce_intro.mapping.fields import fixed
from destination_salesforce_intro.mapping.values import to_id
from destination_salesforce_intro.org.decide import Decision, Verdict, decide
from destination_salesforce_intro.org.lookup import Match, Place, Search, places, read
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from destination_salesforce_intro.org.soql import Query

MEMBER = "CampaignMember"
CONTACT_PREFIX = "003"
# Read of a Lead, to follow it to the Contact it became.
CONVERSION = ("IsConverted", "ConvertedContactId")


class CampaignMemberKind:
    """A mapping from segments to campaigns.

    Args:
        place: Its place in the configuration.
        mapping: Its settings.
        schemas: Those of Contact and Lead, as far as the rules name them, and of CampaignMember.
    """

    def __init__(
        self, place: int, mapping: CampaignMemberMapping, schemas: Mapping[str, ObjectSchema]
    ) -> None:
        self.mapping = mapping
        self._place = place
        self._schema = schemas[MEMBER]
        people = [schemas[rule.object] for rule in mapping.identity]
        self._keys = compile_keys(mapping.identity, people)
        targets = [(schema, key.field) for schema, key in zip(people, self._keys, strict=True)]
        self._places = dict(enumerate(map(_following, places(targets))))
        self._campaigns = [(one.segment, to_id(one.campaign)) for one in mapping.segments]
        self._member: dict[str, Value] = {"Status": mapping.status} if mapping.status else {}
        on_exit = mapping.on_exit
        left = on_exit.values if isinstance(on_exit, SetOnExit) else {}
        self._left = fixed(left, self._schema)

    def changes(self, records: Sequence[Received]) -> list[Change | Refused]:
        """Read what memberships mean: a change for each campaign of their segment."""
        return [
            self._change(read, campaign)
            for read in memberships(records, self._keys)
            for segment, campaign in self._campaigns
            if is_about(read.received.data, segment)
        ]

    def _change(self, read: Membership, campaign: str) -> Change | Refused:
        received, identity, gone, when, rejection = read
        if identity is None or rejection:
            return Refused(self._place, received, rejection or MISSING_KEY)
        identity = identity._replace(scope=campaign)
        if not gone:
            return Upsert(self._place, identity, self._member, when, (received,))
        action = self.mapping.on_exit.action
        return Exit(
            *(self._place, identity, "update" if action == "set" else action),
            *(self._left, when, (received,)),
        )

    def search(self, changes: Sequence[Change]) -> MemberSearch:
        """Start looking for the people that *changes* are about, then for their memberships."""
        names = ["Id", "CampaignId", "ContactId", "LeadId", "Status", *self._left]
        return MemberSearch(
            Search(changes, self._places), self._schema, tuple(dict.fromkeys(names))
        )

    def decide(self, matches: Sequence[Match]) -> Decision:
        """Decide one round: what to write, what needs no writing, what has to wait."""
        return decide(matches, self._judge)

    def _judge(self, match: Match) -> Verdict:
        change = match.change
        if isinstance(change, Exit):
            return self._judge_exit(change, match)
        people = choose(match.people, self.mapping.on_multiple_matches)
        if not match.people:
            return no_match(change, self.mapping.on_no_match)
        if not people:
            return several(change, match.people, "Contact or Lead")
        members = {_person_of(member): member for member in match.found}
        rows: list[Row] = []
        for person in people:
            rows += self._joined(change, person.id, members.get(person.id))
        return rows or Outcome(change, Result.UNCHANGED)

    def _joined(self, change: Change, person: str, member: Found | None) -> Sequence[Row]:
        """Write one membership: create it, or give it the status it should have."""
        if member is not None:
            return updates(change, [member], self._member, self._schema)
        link = "ContactId" if person.startswith(CONTACT_PREFIX) else "LeadId"
        fields = {"CampaignId": change.identity.scope, link: person, **self._member}
        return [Create(change, MEMBER, None, fields)]

    def _judge_exit(self, change: Exit, match: Match) -> Verdict:
        if change.action == "ignore":
            return Outcome(change, Result.IGNORED)
        identity, fields = change.identity, [key.field for key in self._keys]
        theirs = [one for one in match.people if not is_someone_elses(one, identity, fields)]
        if not match.found or not theirs:
            return Outcome(change, Result.NOT_FOUND)
        people = choose(theirs, self.mapping.on_multiple_matches)
        if not people:
            return several(change, theirs, "Contact or Lead")
        chosen = {person.id for person in people}
        members = [member for member in match.found if _person_of(member) in chosen]
        if change.action == "delete":
            rows: list[Row] = [Delete(change, MEMBER, member.id) for member in members]
        else:
            rows = [*updates(change, members, change.fields, self._schema)]
        return rows or Outcome(change, Result.UNCHANGED)


class MemberSearch:
    """First the people, by the identity rules; then their memberships, campaign by campaign."""

    def __init__(self, people: Search, schema: ObjectSchema, names: tuple[str, ...]) -> None:
        self._people = people
        self._schema = schema
        self._names = names
        self._people_are_known = False
        self._members: dict[tuple[str, str], Found] | None = None

    def queries(self) -> list[str]:
        """Return the SOQL of the next step; none when the search is over."""
        if texts := self._people.queries():
            return texts
        self._people_are_known = True
        return [] if self._members is not None else self._member_queries()

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in all records that those queries returned."""
        if not self._people_are_known:
            self._people.take(records)
            return
        members = [read(record, self._names) for record in records]
        self._members = {(str(m.fields["CampaignId"]), _person_of(m)): m for m in members}

    def matches(self) -> list[Match]:
        """Return for each change the people, and their memberships in its campaign."""
        return [self._with_members(match) for match in self._people.matches()]

    def _with_members(self, match: Match) -> Match:
        people = followed(match.found)
        keys = [(str(match.change.identity.scope), person.id) for person in people]
        members = self._members or {}
        found = tuple(members[key] for key in keys if key in members)
        return match._replace(found=found, people=people)

    def _member_queries(self) -> list[str]:
        """Ask for the members of each campaign among its people; ids are grouped by their kind."""
        wanted: dict[tuple[str, str], dict[str, None]] = {}
        for match in self._people.matches():
            for person in followed(match.found):
                link = "ContactId" if person.id.startswith(CONTACT_PREFIX) else "LeadId"
                campaign = str(match.change.identity.scope)
                wanted.setdefault((campaign, link), {})[person.id] = None
        return [
            text
            for (campaign, link), ids in wanted.items()
            for text in self._query(campaign, link).texts(ids)
        ]

    def _query(self, campaign: str, link: str) -> Query:
        field = FieldSchema(name=link, type="reference")
        return Query(self._schema.name, self._names, field, (f"CampaignId = '{campaign}'",))


def followed(found: Sequence[Found]) -> tuple[Found, ...]:
    """Return the people to write to: a converted Lead is the Contact it became, each one once."""
    people = {one.id: one for one in map(_converted, found)}
    return tuple(people.values())


def _converted(found: Found) -> Found:
    contact = found.fields.get("ConvertedContactId")
    return Found(str(contact), {}) if found.fields.get("IsConverted") and contact else found


def _person_of(member: Found) -> str:
    """Return whose membership it is; a converted Lead's has both, and is the Contact's."""
    return str(member.fields.get("ContactId") or member.fields.get("LeadId"))


def _following(place: Place) -> Place:
    known = [name for name in CONVERSION if place.schema.field(name)]
    return place._replace(names=(*place.names, *known))
