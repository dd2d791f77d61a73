"""Who a record is about: the identity rules of a mapping, compiled against the object's schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Identity, Value
from destination_salesforce_intro.config import IdentityRule
from destination_salesforce_intro.mapping.formats import formatter
from destination_salesforce_intro.mapping.paths import MISSING, reader
from destination_salesforce_intro.mapping.values import Convert, UnfitError, converter
from destination_salesforce_intro.org.schema import ID_TYPES, NUMBER_TYPES, TIME_TYPES, FieldSchema

Record = Mapping[str, Any]
# Read back in another spelling than they are written in.
_RESPELLED_TYPES = NUMBER_TYPES | TIME_TYPES | ID_TYPES


def canonical(value: Value, field: FieldSchema) -> str | None:
    """Write *value* as the key that Salesforce compares: folded where the field ignores case.

    The same key results from a value about to be written and from one that a query returned,
    where numbers are floats (``42.0``) and times have another spelling (``…+0000``).
    """
    if value is None:
        return None
    if field.type in _RESPELLED_TYPES:
        made = converter(field)(value)
        return None if made is None else str(made)
    text = str(value).strip()
    return (text.lower() if field.ignores_case else text) or None


@dataclass(frozen=True, slots=True)
class Key:
    """One identity rule: how to read its value now and before, and the field it is compared with.

    The value before is in the column ``previous_<source>``, e.g. ``previous_email``.
    """

    field: FieldSchema
    now: Callable[[Record], Any]
    before: Callable[[Record], Any]
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

    def value(self, raw: Any) -> Value:
        """Convert *raw*; a missing or unfit value is no key, since another rule may have one."""
        if raw is MISSING or raw is None:
            return None
        try:
            return self.convert(raw)
        except UnfitError:
            return None

    def previous(self, record: Record, now: str | None) -> str | None:
        """Return the key before, if it is another than *now*."""
        raw = self.before(record)
        if raw is MISSING or raw is None:
            return None
        before = canonical(self.value(raw), self.field)
        return None if before == now else before


def written(name: str | None, region: str | None, field: FieldSchema) -> Convert:
    """Return the conversion for *field*, after the format *name* where there is one."""
    convert = converter(field)
    if name is None:
        return convert
    write = formatter(name, region, field)
    return lambda value: convert(write(value))


class Known(NamedTuple):
    """A record's identity, and the values (not folded) that its key fields should hold."""

    identity: Identity
    stamps: dict[str, Value]


def identify(keys: Sequence[Key], record: Record, scope: str | None = None) -> Known | None:
    """Read who *record* is about; None if no rule finds a key in it."""
    names: list[str | None] = []
    stamps: dict[str, Value] = {}
    for key in keys:
        value = key.value(key.now(record))
        names.append(canonical(value, key.field))
        if value is not None and key.is_stamped:
            stamps[key.field.name] = value
    if not any(names):
        return None
    previous = tuple([key.previous(record, now) for key, now in zip(keys, names, strict=True)])
    return Known(Identity(tuple(names), previous, scope), stamps)
