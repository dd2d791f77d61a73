"""Find the Salesforce records that changes are about, rule by rule.

A search asks one identity rule at a time, and only for the changes that no earlier rule found;
after the last rule it asks for the keys that people had before. It does no I/O: it hands out SOQL
and takes in the records that came back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Change, Exit, Found, Identity
from destination_salesforce_intro.mapping.identity import canonical, canonicals
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from destination_salesforce_intro.org.soql import Query

# Ten statements, two API calls.
SAMPLE_SIZE = 2_000


class Match(NamedTuple):
    """What Salesforce holds for a change.

    *found* is sorted by creation, oldest first. *rule* is the place of the identity rule that
    found it, None where none did; *moved* says that it was found by the key from before. *people*
    are those a found or future record belongs to, where it is not itself the person. What was not
    *sought* is most likely new, and nobody knows.
    """

    change: Change
    found: tuple[Found, ...] = ()
    rule: int | None = None
    moved: bool = False
    people: tuple[Found, ...] = ()
    sought: bool = True


class Place(NamedTuple):
    """Where an identity rule looks: *field* of *schema*, reading *names* of what it finds.

    *first* is the place of the first rule that looks at the same object: the key in its field says
    whose a record is.
    """

    schema: ObjectSchema
    field: FieldSchema
    names: tuple[str, ...]
    first: int

    def query(self, keys: Iterable[str]) -> list[str]:
        """Ask for the records with *keys*, oldest first."""
        order = tuple(name for name in ("CreatedDate", "Id") if self.schema.field(name))
        return Query(self.schema.name, self.names, self.field, order=order).texts(keys)


def places(
    targets: Sequence[tuple[ObjectSchema, FieldSchema]], names: Iterable[str] = ()
) -> list[Place]:
    """Return the place of each rule; every one reads the keys of its object, and *names*."""
    objects = [schema.name for schema, _ in targets]
    names = tuple(names)
    return [
        Place(schema, field, _names(schema, targets, names), objects.index(schema.name))
        for schema, field in targets
    ]


def _names(
    schema: ObjectSchema, targets: Sequence[tuple[ObjectSchema, FieldSchema]], names: Iterable[str]
) -> tuple[str, ...]:
    keys = [field.name for other, field in targets if other.name == schema.name]
    return tuple(dict.fromkeys(["Id", *keys, *names]))


class Step(NamedTuple):
    """One question of a search: the keys of one rule, those of now or those of before."""

    rule: int
    moved: bool

    def key(self, identity: Identity) -> str | None:
        """Return the key of *identity* that this step asks for."""
        return (identity.previous if self.moved else identity.keys)[self.rule]


class Search:
    """Look-up of *changes* by the rules that have a place.

    Call ``queries`` and hand the records to ``take`` until there are no more queries; then
    ``matches`` has one entry per change, in the order of *changes*.

    Args:
        changes: What to find; exits that are ignored are not looked for.
        places: The place of each rule that is asked, by the rule's number.
    """

    def __init__(self, changes: Sequence[Change], places: Mapping[int, Place]) -> None:
        self._changes = changes
        self._places = places
        self._matches: dict[int, Match] = {}
        self._steps = [Step(rule, moved) for moved in (False, True) for rule in places]

    def queries(self) -> list[str]:
        """Return the SOQL of the next step; none when the search is over."""
        while self._steps:
            asked = {key: None for _, key in self._open()}
            if asked:
                return self._places[self._steps[0].rule].query(asked)
            self._steps.pop(0)
        return []

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Match the records that the queries returned, all of them at once, and go a step on."""
        step = self._steps[0]
        by_key = by_field(records, self._places[step.rule])
        for place, key in self._open():
            found = self._theirs(by_key.get(key, []), self._changes[place].identity, step)
            if found:
                self._matches[place] = Match(self._changes[place], found, step.rule, step.moved)
        self._steps.pop(0)

    def matches(self) -> list[Match]:
        """Return what was found for each change, in their order."""
        return [
            self._matches.get(place) or Match(change) for place, change in enumerate(self._changes)
        ]

    def _open(self) -> list[tuple[int, str]]:
        """List the changes that nothing was found for, and have a key for the current step."""
        step = self._steps[0]
        return [
            (place, key)
            for place, change in enumerate(self._changes)
            if place not in self._matches
            and not is_ignored(change)
            and (key := step.key(change.identity)) is not None
        ]

    def _theirs(self, found: Sequence[Found], identity: Identity, step: Step) -> tuple[Found, ...]:
        """Prefer records that carry no one else's first key.

        One that does is taken by a key of now (the rule says it is the same person), but never by
        a key of before: whoever holds that e-mail today is someone else.
        """
        first = self._places[step.rule].first
        field = self._places[first].field
        free = tuple(one for one in found if not is_anothers(one, identity, first, field))
        return free if free or step.moved else tuple(found)


class SampledSearch:
    """Look-up of very many *changes*: if none of the first is there, the others are not sought.

    That is what a first load looks like. It is only for changes that can be written without
    knowing what is there.
    """

    def __init__(self, changes: Sequence[Change], places: Mapping[int, Place]) -> None:
        self._places = places
        self._others = changes[SAMPLE_SIZE:]
        self._sample = Search(changes[:SAMPLE_SIZE], places)
        self._search: Search | None = None

    def queries(self) -> list[str]:
        """Return the SOQL of the next step; none when the search is over."""
        if self._search is None:
            if texts := self._sample.queries():
                return texts
            is_first_load = not any(match.found for match in self._sample.matches())
            self._search = Search(() if is_first_load else self._others, self._places)
        return self._search.queries()

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Match the records that the queries returned, all of them at once."""
        (self._search or self._sample).take(records)

    def matches(self) -> list[Match]:
        """Return what was found for each change, in their order."""
        others = self._search.matches() if self._search else []
        unsought = [Match(change, sought=False) for change in self._others[len(others) :]]
        return [*self._sample.matches(), *others, *unsought]


def is_ignored(change: Change) -> bool:
    """Whether nothing is to be done about *change*, so that nothing needs finding."""
    return isinstance(change, Exit) and change.action == "ignore"


def is_anothers(found: Found, identity: Identity, rule: int, field: FieldSchema) -> bool:
    """Whether *found* carries a key of *rule* in *field*, and not that of *identity*."""
    holder = canonical(found.fields.get(field.name), field)
    own = {identity.keys[rule], identity.previous[rule]} - {None}
    return holder is not None and bool(own) and holder not in own


def by_field(records: Iterable[Mapping[str, Any]], place: Place) -> dict[str, list[Found]]:
    """Sort *records* by the key in the field of *place*."""
    by_key, records = defaultdict[str, list[Found]](list), list(records)
    keys = canonicals([record.get(place.field.name) for record in records], place.field)
    for key, record in zip(keys, records, strict=True):
        if key is not None:
            by_key[key].append(read(record, place.names))
    return by_key


def read(record: Mapping[str, Any], names: Iterable[str]) -> Found:
    """Take *names* from a query's record; ``Account.Key__c`` is nested in it."""
    return Found(record["Id"], {name: _nested(record, name) for name in names})


def _nested(record: Any, name: str) -> Any:
    for step in name.split("."):
        record = record.get(step) if isinstance(record, Mapping) else None
    return record
