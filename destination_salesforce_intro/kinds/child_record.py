"""Kind ``child_record``: a row of a custom object per person and segment.

The mapping owns the rows whose key field is not null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import (
    Change,
    Create,
    Delete,
    Exit,
    Found,
    Identity,
    Outcome,
    Received,
    Refused,
    Result,
    Row,
    Upsert,
    Value,
)
from destination_salesforce_intro.config import ChildRecordMapping
from destination_salesforce_intro.kinds.child_row import ChildRow, key_of
from destination_salesforce_intro.kinds.segments import (
    Membership,
    compile_keys,
    is_about,
    memberships,
    segment_id,
)
from destination_salesforce_intro.kinds.verdicts import (
    MISSING_KEY,
    choose,
    no_match,
    not_converted,
    not_newer,
    several,
    updates,
)
from destination_salesforce_intro.mapping.identity import canonical
from destination_salesforce_intro.mapping.paths import Record
from destination_salesforce_intro.mapping.targets import Filled
from destination_salesforce_intro.org.decide import Decision, Verdict, decide
from destination_salesforce_intro.org.lookup import Match, Search, places
from destination_salesforce_intro.org.schema import ObjectSchema


class ChildRecordKind:
    """A mapping from memberships to rows of a custom object.

    Args:
        place: Its place in the configuration.
        mapping: Its settings.
        schemas: Those of the object and of the person that its lookup field points to.
    """

    def __init__(
        self, place: int, mapping: ChildRecordMapping, schemas: Mapping[str, ObjectSchema]
    ) -> None:
        self.mapping = mapping
        self._place = place
        self._schema = schema = schemas[mapping.object]
        self._row = ChildRow.compile(mapping, schema)
        self._key = schema.fields[mapping.key_field.lower()]
        self._link = schema.fields[mapping.person.field.lower()]
        person = schemas[self._link.reference_to[0]]
        rules = mapping.person.identity
        self._keys = compile_keys(rules, [person] * len(rules))
        self._rows = {0: places([(schema, self._key)], [*self._row.names, self._link.name])[0]}
        converted = [field.name for field in (person.field("IsConverted"),) if field]
        targets = [(person, key.field) for key in self._keys]
        self._people = {
            rule: place._replace(first=place.first + 1)
            for rule, place in enumerate(places(targets, converted), start=1)
        }

    def changes(self, records: Sequence[Received]) -> list[Change | Refused]:
        """Read what memberships mean; nothing, where their segment is not listed."""
        read = memberships([each for each in records if self._is_listed(each.data)], self._keys)
        data = [each.received.data for each in read]
        return list(map(self._change, read, self._row.joined(data), self._row.ended(data)))

    def _is_listed(self, record: Record) -> bool:
        wanted = self.mapping.segments
        return not wanted or any(is_about(record, segment) for segment in wanted)

    def _change(self, read: Membership, joined: Filled, ended: Filled) -> Change | Refused:
        received, person, gone, when, rejection = read
        key = canonical(key_of(received.data), self._key)
        if key is None or not (gone or person):
            return Refused(self._place, received, rejection or MISSING_KEY)
        identity = self._identity(key, person, segment_id(received.data))
        if gone and self.mapping.on_exit.action == "delete":
            return Exit(self._place, identity, "delete", {}, when, (received,))
        filled = ended if gone else joined
        if refusal := rejection or filled.rejection:
            return Refused(self._place, received, refusal)
        if gone:
            return Exit(self._place, identity, "update", filled.fields, when, (received,))
        return Upsert(self._place, identity, filled.fields, when, (received,))

    def _identity(self, key: str, person: Identity | None, scope: str) -> Identity:
        """Put the row's key before those of its person."""
        nobody: tuple[str | None, ...] = (None,) * len(self._keys)
        keys, previous = (person.keys, person.previous) if person else (nobody, nobody)
        return Identity((key, *keys), (None, *previous), scope)

    def search(self, changes: Sequence[Change]) -> ChildSearch:
        """Start looking for the rows of *changes*, then for the people that rows need."""
        return ChildSearch(Search(changes, self._rows), self._search_people)

    def _search_people(self, rows: Sequence[Match]) -> Search:
        lacking = [
            match.change
            for match in rows
            if isinstance(match.change, Upsert) and not self._is_linked(match.found)
        ]
        return Search(lacking, self._people)

    def _is_linked(self, rows: Sequence[Found]) -> bool:
        return bool(rows) and all(row.fields.get(self._link.name) for row in rows)

    def decide(self, matches: Sequence[Match]) -> Decision:
        """Decide one round: what to write, what needs no writing, what has to wait."""
        return decide(matches, self._judge)

    def _judge(self, match: Match) -> Verdict:
        change = match.change
        rows = choose(match.found, self._policy(change))
        if match.found and not rows:
            return several(change, match.found, self._schema.name)
        if isinstance(change, Exit):
            return self._judge_exit(change, rows)
        if self._is_linked(rows):
            return self._written(change, rows, change.fields)
        return self._judge_unlinked(match, change, rows)

    def _policy(self, change: Change) -> str:
        """Return what to do about several rows; one by one, an exit told again deletes the next."""
        policy = self.mapping.on_multiple_matches
        deletes = isinstance(change, Exit) and change.action == "delete"
        return "all" if deletes and policy != "reject" else policy

    def _judge_exit(self, change: Exit, rows: Sequence[Found]) -> Verdict:
        if not rows:
            return Outcome(change, Result.NOT_FOUND)
        if change.action == "delete":
            older = not_newer(rows, change, self._row.clock)
            deletes: list[Row] = [Delete(change, self._schema.name, row.id) for row in older]
            return deletes or Outcome(change, Result.UNCHANGED)
        return self._written(change, rows, change.fields)

    def _judge_unlinked(self, match: Match, change: Upsert, rows: Sequence[Found]) -> Verdict:
        """Write a row that has no person yet; it needs exactly one."""
        people = not_converted(match.people)
        chosen = choose(people, self.mapping.on_multiple_matches)
        if not people:
            return no_match(change, self.mapping.on_no_match)
        if len(chosen) != 1:
            return several(change, people, self._link.reference_to[0])
        fields = {**change.fields, self._link.name: chosen[0].id}
        if rows:
            return self._written(change, rows, fields)
        held = {name: value for name, value in fields.items() if value is not None}
        key_field = self._key.name if self._key.external_id or self._key.id_lookup else None
        return [Create(change, self._schema.name, key_field, held)]

    def _written(
        self, change: Change, rows: Sequence[Found], fields: Mapping[str, Value]
    ) -> Verdict:
        older = not_newer(rows, change, self._row.clock)
        return [*updates(change, older, fields, self._schema)] or Outcome(change, Result.UNCHANGED)


class ChildSearch:
    """First the rows by their key; then the people of rows that are new or have lost theirs."""

    def __init__(self, rows: Search, search_people: Callable[[Sequence[Match]], Search]) -> None:
        self._rows = rows
        self._search_people = search_people
        self._people: Search | None = None

    def queries(self) -> list[str]:
        """Return the SOQL of the next step; none when the search is over."""
        if self._people is None:
            if texts := self._rows.queries():
                return texts
            self._people = self._search_people(self._rows.matches())
        return self._people.queries()

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in all records that those queries returned."""
        (self._people or self._rows).take(records)

    def matches(self) -> list[Match]:
        """Return for each change its rows, and the people for those that lack one."""
        found = self._people.matches() if self._people else []
        people = {id(match.change): match.found for match in found}
        return [
            match._replace(people=people.get(id(match.change), ()))
            for match in self._rows.matches()
        ]
