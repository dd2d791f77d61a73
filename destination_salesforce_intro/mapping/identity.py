"""Who a record is about: the identity rules of a mapping, compiled against the object's schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Identity, Value
from destination_salesforce_intro.config import IdentityRule
from destination_salesforce_intro.mapping.formats import formatter
from destination_salesforce_intro.mapping.paths import (
    MISSING,
    Column,
    Missing,
    Reader,
    Record,
    reader,
)
from destination_salesforce_intro.mapping.values import Convert, UnfitError, converted, converter
from destination_salesforce_intro.org.schema import ID_TYPES, NUMBER_TYPES, TIME_TYPES, FieldSchema

# Read back in another spelling than they are written in.
_RESPELLED_TYPES = NUMBER_TYPES | TIME_TYPES | ID_TYPES
_NO_KEY = frozenset({Missing, UnfitError})


def canonical(value: Value, field: FieldSchema) -> str | None:
    """Write *value* as ``canonicals`` does."""
    return canonicals((value,), field)[0]


def canonicals(values: Sequence[Value], field: FieldSchema) -> list[str | None]:
    """Write *values* as the keys that Salesforce compares: folded where the field ignores case.

    The same key results from a value about to be written and from one that a query returned,
    where numbers are floats (``42.0``) and times have another spelling (``…+0000``).
    """
    if field.type in _RESPELLED_TYPES:
        convert = converter(field)
        values = [None if value is None else convert(value) for value in values]
    texts = ["" if value is None else str(value).strip() for value in values]
    if field.ignores_case:
        texts = [text.lower() for text in texts]
    return [text or None for text in texts]


@dataclass(frozen=True, slots=True)
class Key:
    """One identity rule: how to read its value now and before, and the field it is compared with.

    The value before is in the column ``previous_<source>``, e.g. ``previous_email``.
    """

    field: FieldSchema
    now: Reader
    before: Reader
    convert: Convert
    is_stamped: bool  # whether a record can be given the key

    @classmethod
    def compile(cls, rule: IdentityRule, field: FieldSchema) -> Key:
        """Tie *rule* to the *field* it targets."""
        head, dot, last = rule.source.rpartition(".")
        return cls(
            field,
            now=reader(rule.source),
            before=reader(f"{head}{dot}previous_{last}"),
            convert=written(rule.format, rule.default_region, field),
            is_stamped=field.createable or field.updateable,
        )

    def values(self, raws: Sequence[Any]) -> list[Value]:
        """Convert *raws*; a missing or unfit value is no key, since another rule may have one."""
        values = converted(self.convert, raws)
        if _NO_KEY.isdisjoint(map(type, values)):
            return values
        return [None if type(value) in _NO_KEY else value for value in values]

    def previous(self, records: Sequence[Record], now: Sequence[str | None]) -> list[str | None]:
        """Return the keys before, where they are others than *now*."""
        raws = self.before(records)
        if not any(raw is not MISSING and raw is not None for raw in raws):
            return [None] * len(raws)
        before = canonicals(self.values(raws), self.field)
        return [None if old == new else old for old, new in zip(before, now, strict=True)]


def written(name: str | None, region: str | None, field: FieldSchema) -> Convert:
    """Return the conversion for *field*, after the format *name* where there is one."""
    convert = converter(field)
    if name is None:
        return convert
    write = formatter(name, region, field)
    return lambda value: convert(write(value))


class Known(NamedTuple):
    """Who each of many records is about, None where no rule finds a key in it.

    *stamps* are the values (not folded) that the key fields should hold, a column for each field.
    """

    identities: list[Identity | None]
    stamps: list[Column]


def identify(keys: Sequence[Key], records: Sequence[Record]) -> Known:
    """Read who *records* are about."""
    values = [key.values(key.now(records)) for key in keys]
    names = [canonicals(column, key.field) for key, column in zip(keys, values, strict=True)]
    previous = [key.previous(records, now) for key, now in zip(keys, names, strict=True)]
    identities = [
        Identity(now, before) if any(now) else None
        for now, before in zip(zip(*names, strict=True), zip(*previous, strict=True), strict=True)
    ]
    stamped = [(k.field.name, v) for k, v in zip(keys, values, strict=True) if k.is_stamped]
    return Known(identities, [(name, _or_missing(column)) for name, column in stamped])


def _or_missing(values: list[Value]) -> list[Any]:
    """Leave a field alone where there is no key."""
    return [MISSING if v is None else v for v in values] if None in values else values
