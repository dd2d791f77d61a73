"""Who a record is about: the identity rules of a mapping, compiled against the object's schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_salesforce_intro.changes import Identity, Value
from destination_salesforce_intro.config import IdentityRule
from destination_salesforce_intro.formats import formatter
from destination_salesforce_intro.paths import MISSING, reader
from destination_salesforce_intro.schema import ID_TYPES, NUMBER_TYPES, TIME_TYPES, FieldSchema
from destination_salesforce_intro.values import Convert, UnfitError, converter, is_empty

Record = Mapping[str, Any]


def canonical(value: Value, field: FieldSchema) -> str | None:
    """Write *value* as the key that Salesforce compares: folded where the field ignores case.

    The same key results from a value about to be written and from one that a query returned,
    where numbers are floats (``42.0``) and times have another spelling (``…+0000``).
    """
    if is_empty(value):
        return None
    if field.type in NUMBER_TYPES | TIME_TYPES | ID_TYPES:
        return str(converter(field)(value))
    text = str(value).strip()
    return text.lower() if field.ignores_case else text


@dataclass(frozen=True, slots=True)
class Key:
    """One identity rule: how to read its value now and before, and the field it is compared with.

    The value before is in the column ``previous_<source>``, e.g. ``previous_email``.
    """

    field: FieldSchema
    now: Callable[[Record], Any]
    before: Callable[[Record], Any]
    convert: Convert

    @classmethod
    def compile(cls, rule: IdentityRule, field: FieldSchema) -> Key:
        """Tie *rule* to the *field* it targets."""
        head, dot, last = rule.source.rpartition(".")
        convert = written(rule.format, rule.default_region, field)
        return cls(field, reader(rule.source), reader(f"{head}{dot}previous_{last}"), convert)

    def value(self, raw: Any) -> Value:
        """Convert *raw*; a missing or unfit value is no key, since another rule may have one."""
        try:
            return None if raw is MISSING else self.convert(raw)
        except UnfitError:
            return None


def written(name: str | None, region: str | None, field: FieldSchema) -> Convert:
    """Return the conversion for *field*, after the format *name* where there is one."""
    convert = converter(field)
    if name is None:
        return convert
    write = formatter(name, region, field)
    return lambda value: convert(write(value))


@dataclass(frozen=True, slots=True)
class Known:
    """A record's identity, and the values (not folded) that its key fields should hold."""

    identity: Identity
    stamps: Mapping[str, Value]


def identify(keys: Sequence[Key], record: Record, scope: str | None = None) -> Known | None:
    """Read who *record* is about; None if no rule finds a key in it."""
    values = [key.value(key.now(record)) for key in keys]
    names = tuple(canonical(value, key.field) for value, key in zip(values, keys, strict=True))
    if not any(names):
        return None
    previous = tuple(_previous(key, record, name) for key, name in zip(keys, names, strict=True))
    stamps = {
        key.field.name: value
        for key, value in zip(keys, values, strict=True)
        if value is not None and (key.field.createable or key.field.updateable)
    }
    return Known(Identity(names, previous, scope), stamps)


def _previous(key: Key, record: Record, now: str | None) -> str | None:
    before = canonical(key.value(key.before(record)), key.field)
    return None if before == now else before
