"""Kind ``record``: one record of the stream is one Salesforce record.

The mapping owns the records whose first identity field is not null; an exit touches no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
from destination_salesforce_intro.config import RecordMapping
from destination_salesforce_intro.kinds.base import Finding
from destination_salesforce_intro.kinds.keys import is_someone_elses
from destination_salesforce_intro.kinds.verdicts import (
    CONVERTED_LEAD,
    MERGED,
    MISSING_KEY,
    choose,
    not_converted,
    not_newer,
    refuse,
    several,
    updates,
)
from destination_salesforce_intro.mapping.fields import (
    RefusedValueError,
    changed_at,
    clock_columns,
    compile_rule,
    exit_fields,
    is_exit,
)
from destination_salesforce_intro.mapping.identity import Key, canonical, identify
from destination_salesforce_intro.mapping.targets import Filled, fill
from destination_salesforce_intro.org.decide import Decision, Verdict, decide
from destination_salesforce_intro.org.lookup import (
    SAMPLE_SIZE,
    Match,
    SampledSearch,
    Search,
    is_anothers,
    is_ignored,
    places,
)
from destination_salesforce_intro.org.merges import MergeSearch, can_be_merged
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from destination_salesforce_intro.writing.merging import joined
from destination_salesforce_intro.writing.together import together


class RecordKind:
    """A ``record`` mapping, compiled against the schema of its object.

    ``problems.find`` tells in words whether the two fit; where they do not, this raises KeyError
    or UnfitError. *samples*: whether a first load may be told from a sample of it.
    """

    def __init__(
        self, place: int, mapping: RecordMapping, schema: ObjectSchema, *, samples: bool = True
    ) -> None:
        self.mapping = mapping
        self._place = place
        self._schema = schema
        self._keys = [
            Key.compile(rule, schema.fields[rule.target.lower()]) for rule in mapping.identity
        ]
        self._not_createable = {f.name for f in schema.fields.values() if not f.createable}
        self._targets = [compile_rule(rule, schema) for rule in mapping.fields]
        self._upsert_keys = _upsert_keys(self._key_fields)
        self._exit_fields = exit_fields(mapping.on_exit, schema)
        self._samples = samples and _is_plain_upsert(mapping, self._key_fields)
        clock = mapping.changed_at_field
        self._clock = schema.fields[clock.lower()].name if clock else None
        targets = [(schema, key.field) for key in self._keys]
        self._places = dict(enumerate(places(targets, self._compared())))

    def changes(self, records: Sequence[Received]) -> list[Change | Refused]:
        """Read what *records* want of Salesforce: one change or one refusal for each."""
        data = [received.data for received in records]
        known = identify(self._keys, data)
        clock = clock_columns(self._clock, data)
        filled = fill(self._targets, data, [*known.stamps, *clock])
        return list(map(self._change, records, known.identities, filled))

    def _change(
        self, received: Received, identity: Identity | None, filled: Filled
    ) -> Change | Refused:
        if identity is None:
            return Refused(self._place, received, MISSING_KEY)
        when = changed_at(received.data)
        try:
            if is_exit(received.data):
                return self._exit(received, identity, when)
        except RefusedValueError as error:
            return Refused(self._place, received, error.rejection)
        fields, truncated, rejection = filled
        if rejection:
            return Refused(self._place, received, rejection)
        return Upsert(self._place, identity, fields, when, (received,), truncated)

    def search(self, changes: Sequence[Change]) -> Finding:
        """Start looking for the records that *changes* are about."""
        if self._samples and len(changes) > 2 * SAMPLE_SIZE and all(map(_can_be_blind, changes)):
            return SampledSearch(changes, self._places)
        search = Search(changes, self._places)
        return MergeSearch(search, self._places[0]) if can_be_merged(self._schema) else search

    def decide(self, matches: Sequence[Match]) -> Decision:
        """Decide one round: what to write, what needs no writing, what has to wait."""
        sought = [match for match in matches if match.sought]
        decision = decide(together(sought, same_person, of=(Upsert,)), self.judge)
        decision.rows.extend(self._blind_upserts([m.change for m in matches if not m.sought]))
        return decision

    def _blind_upserts(self, changes: Sequence[Change]) -> Iterator[Create]:
        """Upsert by key what may or may not exist, saying what is to be cleared.

        There is one for each person, and by one key, so they collide with nothing.
        """
        for change in changes:
            yield Create(change, self._schema.name, self._upsert_keys[0], change.fields)

    def judge(self, match: Match) -> Verdict:
        """Decide about one change, as if it were alone."""
        if isinstance(match.change, Exit):
            return self._judge_exit(match.change, match.found)
        return self._judge_upsert(match.change, match)

    @property
    def _key_fields(self) -> list[FieldSchema]:
        return [key.field for key in self._keys]

    def _compared(self) -> list[str]:
        """Name what a look-up has to read, so that only differences are written."""
        named = [name for target in self._targets for name in (target.name, target.cleared_name)]
        clock = [self._clock] if self._clock else []
        converted = [f.name for f in (self._schema.field("IsConverted"),) if f]
        return [*named, *self._exit_fields, *clock, *converted]

    def _exit(self, received: Received, identity: Identity, when: str | None) -> Exit:
        clock = {self._clock: when} if self._clock and when else {}
        fields = {**self._exit_fields, **clock}
        match self.mapping.on_exit.action:
            case "clear" | "set":
                return Exit(self._place, identity, "update", fields, when, (received,))
            case action:
                return Exit(self._place, identity, action, {}, when, (received,))

    def _judge_exit(self, change: Exit, found: Sequence[Found]) -> Verdict:
        if is_ignored(change):
            return Outcome(change, Result.IGNORED)
        owned = [one for one in not_converted(found) if self._owns(one, change.identity)]
        chosen = choose(owned, self.mapping.on_multiple_matches)
        if not chosen:
            return self._several(change, owned) if owned else Outcome(change, Result.NOT_FOUND)
        older = not_newer(chosen, change, self._clock)
        if change.action == "delete":
            rows: list[Row] = [Delete(change, self._schema.name, one.id) for one in older]
        else:
            rows = [*updates(change, older, change.fields, self._schema)]
        return rows or Outcome(change, Result.UNCHANGED)

    def _judge_upsert(self, change: Upsert, match: Match) -> Verdict:
        found = match.found
        if not found:
            return self._judge_unfound(change)
        if self.mapping.operation == "insert":
            return Outcome(change, Result.IGNORED)
        if match.rule == 0 and is_anothers(found[0], change.identity, 0, self._keys[0].field):
            return refuse(change, MERGED)
        usable = not_converted(found)
        if not usable:
            return refuse(change, CONVERTED_LEAD)
        chosen = choose(usable, self.mapping.on_multiple_matches)
        if not chosen:
            return self._several(change, usable)
        rows = updates(change, not_newer(chosen, change, self._clock), change.fields, self._schema)
        return [*rows] or Outcome(change, Result.UNCHANGED)

    def _judge_unfound(self, change: Upsert) -> Verdict:
        if self.mapping.operation == "update":
            return Outcome(change, Result.NOT_FOUND)
        fields = {
            name: value
            for name, value in change.fields.items()
            if value is not None and name not in self._not_createable
        }
        return [Create(change, self._schema.name, self._key_field(fields), fields)]

    def _key_field(self, fields: Mapping[str, Value]) -> str | None:
        """Name the field to upsert by: an External ID, else a standard idLookup field."""
        return next((name for name in self._upsert_keys if name in fields), None)

    def _owns(self, found: Found, identity: Identity) -> bool:
        first = self._key_fields[0]
        holder = canonical(found.fields.get(first.name), first)
        return holder is not None and not is_someone_elses(found, identity, self._key_fields)

    def _several(self, change: Change, found: Sequence[Found]) -> Outcome:
        return several(change, found, self._schema.name)


def same_person(first: Change, second: Change) -> Change:
    """Join two upserts that an identity rule calls the same person."""
    if isinstance(first, Upsert) and isinstance(second, Upsert):
        return joined(first, second)
    raise TypeError("only upserts are joined: an exit is about its own key alone")


def _can_be_blind(change: Change) -> bool:
    """Whether an upsert by key does the right thing, whatever Salesforce holds."""
    return isinstance(change, Upsert) and not any(change.identity.previous)


def _upsert_keys(keys: Sequence[FieldSchema]) -> list[str]:
    """Name the keys that Salesforce itself can upsert by: External IDs, then idLookup fields."""
    external = [field.name for field in keys if field.external_id]
    return [*external, *(f.name for f in keys if f.id_lookup and not f.external_id)]


def _is_plain_upsert(mapping: RecordMapping, keys: Sequence[FieldSchema]) -> bool:
    """Whether one unique External ID tells it all: no other rule, no guard, nothing to choose."""
    if (mapping.operation, mapping.changed_at_field, len(keys)) != ("upsert", None, 1):
        return False
    return keys[0].external_id and keys[0].unique
