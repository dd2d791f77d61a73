"""The columns of a ``child_record``: what a membership's row holds, and how it is found.

Its key is ``<segment_id>:<cio_id>``, so a membership that ends and starts again stays one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from destination_salesforce_intro.changes import Value
from destination_salesforce_intro.config import ChildRecordMapping, FieldRule
from destination_salesforce_intro.kinds.segments import segment_id
from destination_salesforce_intro.mapping.fields import (
    DELETED_AT_COLUMN,
    clock_columns,
    compile_rule,
)
from destination_salesforce_intro.mapping.paths import MISSING, Record, each
from destination_salesforce_intro.mapping.targets import Filled, Target, fill
from destination_salesforce_intro.mapping.values import is_empty, to_text
from destination_salesforce_intro.org.schema import ObjectSchema


@dataclass(frozen=True, slots=True)
class ChildRow:
    """The compiled columns. *member* is written while in the segment, *left* on exit."""

    member: tuple[Target, ...]
    left: tuple[Target, ...]
    reopened: Mapping[str, Value]  # what a new or renewed membership clears
    clock: str | None

    @classmethod
    def compile(cls, mapping: ChildRecordMapping, schema: ObjectSchema) -> ChildRow:
        """Tie the columns that *mapping* names to the fields of *schema*."""
        active = mapping.active_field
        member = [
            _read_by(key_of, mapping.key_field, schema),
            *_copied(mapping.segment_id_field, "segment_id", schema),
            *_copied(mapping.segment_name_field, "segment_name", schema),
            *_constant(active, True, schema),
            *_told(_entered_at, mapping.entered_at_field, schema),
        ]
        left = [
            *_constant(active, False, schema),
            *_told(_exited_at, mapping.exited_at_field, schema),
        ]
        return cls(
            member=tuple(member),
            left=tuple(left),
            reopened=_cleared(mapping.exited_at_field, schema),
            clock=_spelled(mapping.changed_at_field, schema),
        )

    @property
    def names(self) -> list[str]:
        """Name every field of the row that is written, for a look-up to read."""
        targets = [target.name for target in (*self.member, *self.left)]
        return [*targets, *([self.clock] if self.clock else [])]

    def joined(self, records: Sequence[Record]) -> list[Filled]:
        """Return the fields of each member's row."""
        reopened = [(name, [value] * len(records)) for name, value in self.reopened.items()]
        return fill(self.member, records, [*reopened, *clock_columns(self.clock, records)])

    def ended(self, records: Sequence[Record]) -> list[Filled]:
        """Return the fields of the row of each person who left."""
        return fill(self.left, records, clock_columns(self.clock, records))


def key_of(record: Record) -> str | None:
    """Return ``<segment_id>:<cio_id>``, None if the record lacks one of them."""
    person = record.get("cio_id")
    segment = segment_id(record)
    return None if is_empty(person) or not segment else f"{segment}:{to_text(person)}"


def _entered_at(record: Record) -> Any:
    """Read the time of entry; null means that nobody knows it, and leaves what is there."""
    value = record.get("entered_at")
    return MISSING if is_empty(value) else value


def _exited_at(record: Record) -> Any:
    value = record.get("exited_at")
    return record.get(DELETED_AT_COLUMN) if is_empty(value) else value


def _read_by(read: Callable[[Record], Any], name: str, schema: ObjectSchema) -> Target:
    return replace(compile_rule(FieldRule(source=name, target=name), schema), read=each(read))


def _told(
    read: Callable[[Record], Any], name: str | None, schema: ObjectSchema
) -> Iterator[Target]:
    if name:
        yield _read_by(read, name, schema)


def _copied(name: str | None, source: str, schema: ObjectSchema) -> Iterator[Target]:
    if name:
        yield compile_rule(FieldRule(source=source, target=name), schema)


def _constant(name: str | None, value: bool, schema: ObjectSchema) -> Iterator[Target]:  # noqa: FBT001  # it is the value
    if name:
        yield compile_rule(FieldRule(constant=value, target=name), schema)


def _cleared(name: str | None, schema: ObjectSchema) -> dict[str, Value]:
    spelled = _spelled(name, schema)
    return {spelled: None} if spelled else {}


def _spelled(name: str | None, schema: ObjectSchema) -> str | None:
    return schema.fields[name.lower()].name if name else None
