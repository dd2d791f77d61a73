"""Kinds ``flag`` and ``multi_select``: a membership is a value in a field of the person.

A flag is a field of its own per segment. A multi-select picklist holds a value per segment; only
the mapping's values are put in or taken out, whatever else it holds stays. The mapping owns its
flags that are true, and its values wherever they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

from destination_salesforce_intro.changes import (
    Change,
    Exit,
    Found,
    Outcome,
    Received,
    Refused,
    Result,
    Row,
    Update,
    Upsert,
    Value,
)
from destination_salesforce_intro.config import FlagMapping, MultiSelectMapping, SegmentRef
from destination_salesforce_intro.kinds.keys import is_someone_elses
from destination_salesforce_intro.kinds.segments import (
    Membership,
    compile_keys,
    is_about,
    memberships,
    segment_id,
)
from destination_salesforce_intro.kinds.verdicts import (
    CONVERTED_LEAD,
    MISSING_KEY,
    choose,
    no_match,
    not_converted,
    refuse,
    several,
    updates,
)
from destination_salesforce_intro.mapping.values import converter
from destination_salesforce_intro.org.decide import Decision, Verdict, decide
from destination_salesforce_intro.org.lookup import Match, Search, places
from destination_salesforce_intro.org.schema import LAST_MODIFIED, ObjectSchema
from destination_salesforce_intro.writing.together import together

Fields = Mapping[str, Value]


class Entry(NamedTuple):
    """What a segment means: the fields of a member, and those of a person who left."""

    segment: SegmentRef
    member: Fields
    left: Fields


class Style(NamedTuple):
    """How a kind writes its fields.

    *edit* makes the fields to write of what a record holds and the change that is wanted; *join*
    says two values that segments want in one field at once. *is_shared*: whether others write the
    same field, so that an update must not miss what they did since the look-up.
    """

    edit: Callable[[Found, Change], Fields]
    join: Callable[[Value, Value], Value]
    is_shared: bool


class PersonFieldKind:
    """A mapping from segments to values of the person's own record.

    Args:
        place: Its place in the configuration.
        mapping: Its settings.
        schema: Of the person's object.
        entries: What each segment means.
        style: How its fields are written.
    """

    def __init__(
        self,
        place: int,
        mapping: FlagMapping | MultiSelectMapping,
        schema: ObjectSchema,
        entries: Sequence[Entry],
        style: Style,
    ) -> None:
        self.mapping = mapping
        self._place = place
        self._schema = schema
        self._entries = entries
        self._style = style
        self._keys = compile_keys(mapping.identity, [schema] * len(mapping.identity))
        names = [name for entry in entries for name in entry.member]
        converted = [field.name for field in (schema.field("IsConverted"),) if field]
        edited = [LAST_MODIFIED] if style.is_shared else []
        targets = [(schema, key.field) for key in self._keys]
        self._places = dict(enumerate(places(targets, [*names, *converted, *edited])))

    def changes(self, records: Sequence[Received]) -> list[Change | Refused]:
        """Read what memberships mean; nothing, where no segment here is their own."""
        read = memberships(records, self._keys)
        entries = [
            [entry for entry in self._entries if is_about(record.data, entry.segment)]
            for record in records
        ]
        return [self._change(*each) for each in zip(read, entries, strict=True) if each[1]]

    def _change(self, read: Membership, entries: Sequence[Entry]) -> Change | Refused:
        received, identity, gone, when, rejection = read
        if identity is None or rejection:
            return Refused(self._place, received, rejection or MISSING_KEY)
        identity = identity._replace(scope=segment_id(received.data))
        fields = reduce(self._merged, [e.left if gone else e.member for e in entries])
        if gone:
            return Exit(self._place, identity, "update", fields, when, (received,))
        return Upsert(self._place, identity, fields, when, (received,))

    def search(self, changes: Sequence[Change]) -> Search:
        """Start looking for the people that *changes* are about."""
        return Search(changes, self._places)

    def decide(self, matches: Sequence[Match]) -> Decision:
        """Decide one round: what to write, what needs no writing, what has to wait."""
        return decide(together(matches, self._joined, of=(Upsert, Exit)), self._judge)

    def _joined(self, first: Change, second: Change) -> Change:
        """Join two segments of one person, both entered or both left."""
        fields = self._merged(first.fields, second.fields)
        return second._replace(fields=fields, received=first.received + second.received)

    def _merged(self, first: Fields, second: Fields) -> Fields:
        join = self._style.join
        again = {name: join(first[name], second[name]) for name in second if name in first}
        return {**first, **second, **again}

    def _judge(self, match: Match) -> Verdict:
        change, found = match.change, self._theirs(match)
        chosen = choose(found, self.mapping.on_multiple_matches)
        if found and not chosen:
            return several(change, found, self._schema.name)
        if not chosen:
            return self._nobody(match)
        rows: list[Row] = [row for one in chosen for row in self._updates(change, one)]
        return rows or Outcome(change, Result.UNCHANGED)

    def _updates(self, change: Change, found: Found) -> list[Update]:
        rows = updates(change, [found], self._style.edit(found, change), self._schema)
        return [row._replace(seen=found) for row in rows] if self._style.is_shared else rows

    def _theirs(self, match: Match) -> list[Found]:
        """Leave out converted Leads, and for an exit the records that are someone else's."""
        found = not_converted(match.found)
        if isinstance(match.change, Upsert):
            return found
        identity, fields = match.change.identity, [key.field for key in self._keys]
        return [one for one in found if not is_someone_elses(one, identity, fields)]

    def _nobody(self, match: Match) -> Verdict:
        if isinstance(match.change, Exit):
            return Outcome(match.change, Result.NOT_FOUND)
        if match.found:
            return refuse(match.change, CONVERTED_LEAD)
        return no_match(match.change, self.mapping.on_no_match)


def flag(place: int, mapping: FlagMapping, schema: ObjectSchema) -> PersonFieldKind:
    """Compile a mapping of kind ``flag``: true for a member, false for a person who left."""
    entries = [
        Entry(one.segment, {name: True}, {name: False})
        for one in mapping.segments
        for name in [schema.fields[one.field.lower()].name]
    ]
    style = Style(
        edit=lambda _found, change: change.fields,
        join=lambda _earlier, later: later,
        is_shared=False,
    )
    return PersonFieldKind(place, mapping, schema, entries, style)


def multi_select(place: int, mapping: MultiSelectMapping, schema: ObjectSchema) -> PersonFieldKind:
    """Compile a mapping of kind ``multi_select``; the fields of its changes name one value each."""
    field = schema.fields[mapping.field.lower()]
    fit = converter(field)
    entries = [
        Entry(one.segment, {field.name: value}, {field.name: value})
        for one in mapping.segments
        for value in [fit(one.value)]
    ]
    style = Style(edit=edited, join=lambda earlier, later: f"{earlier};{later}", is_shared=True)
    return PersonFieldKind(place, mapping, schema, entries, style)


def edited(found: Found, change: Change) -> Fields:
    """Put the values of *change* into what *found* holds, or take them out if it is an exit."""
    return {
        name: ";".join(_values(_split(found.fields.get(name)), _split(value), change)) or None
        for name, value in change.fields.items()
    }


def _values(held: list[str], named: list[str], change: Change) -> list[str]:
    rest = [value for value in held if value not in named]
    return rest if isinstance(change, Exit) else [*held, *(v for v in named if v not in held)]


def _split(value: object) -> list[str]:
    return [part for part in str(value or "").split(";") if part]
