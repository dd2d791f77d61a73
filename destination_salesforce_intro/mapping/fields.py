"""What the fields of a Salesforce object should hold, read from a record by a mapping's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from destination_salesforce_intro.changes import Rejection, Value
from destination_salesforce_intro.config import (
    ClearOnExit,
    FieldRule,
    RecordExit,
    Scalar,
    SetOnExit,
    Tier,
)
from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.mapping.identity import written
from destination_salesforce_intro.mapping.paths import MISSING, Column, Reader, Record, reader
from destination_salesforce_intro.mapping.targets import Target
from destination_salesforce_intro.mapping.values import (
    Convert,
    converter,
    is_empty,
    to_number,
    to_text,
)
from destination_salesforce_intro.org.schema import FREE_TEXT_TYPES, FieldSchema, ObjectSchema

# The columns that say when a record changed, best first; the last is Airbyte's own.
CHANGED_AT_COLUMNS = ("changed_at", "updated_at", "_ab_cdc_updated_at")
DELETED_AT_COLUMN = "_ab_cdc_deleted_at"
TEXT_OR_NUMBER = (str, int, float)  # made once: this is asked for every record
# Records of one sync mostly carry one of a few times.
REMEMBERED = 4096


NO_TIME_OF_EXIT = Rejection(
    code="INVALID_VALUE",
    message="",
    cause=f"The value of {DELETED_AT_COLUMN} is no time, so it does not say whether they left.",
    hint="Let the source send the time of the deletion there, or null.",
)


class RefusedValueError(Exception):
    """A record cannot be mapped; carries the rejection."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.code)
        self.rejection = rejection


def is_exit(record: Record) -> bool:
    """Whether *record* says when its person left; null, blank, false and 0 say that they did not.

    Raises:
        RefusedValueError: It says something that is neither, and an exit is no guess.
    """
    value = record.get(DELETED_AT_COLUMN)
    if is_empty(value) or value is False or value == 0:
        return False
    if _is_time(value):
        return True
    raise RefusedValueError(NO_TIME_OF_EXIT._replace(message=f"{DELETED_AT_COLUMN}: {value!r}"))


def _is_time(value: Any) -> bool:
    """Whether *value* is a time, or a number that may be one in seconds or milliseconds."""
    if isinstance(value, int | float):
        return value >= times.FIRST_PLAUSIBLE_SECOND
    return times.moment(value) is not None


def changed_at(record: Record) -> str | None:
    """Return when *record* changed, in UTC with milliseconds; None if it does not say."""
    for column in CHANGED_AT_COLUMNS:
        value = record.get(column)
        if isinstance(value, TEXT_OR_NUMBER) and (text := _as_time(value)):
            return text
    return None


def clock_columns(name: str | None, records: Sequence[Record]) -> list[Column]:
    """Return when each of *records* changed, for the field *name*; none without one."""
    if name is None:
        return []
    times = [changed_at(record) for record in records]
    return [(name, [MISSING if time is None else time for time in times])]


@lru_cache(maxsize=REMEMBERED)
def _as_time(value: float | str) -> str | None:
    when = times.moment(value)
    return None if when is None else times.as_datetime(when)


def compile_rule(rule: FieldRule, schema: ObjectSchema) -> Target:
    """Tie *rule* to the field it targets.

    Raises:
        UnfitError: A constant, a tier or a value of the rule does not fit the field.
        KeyError: The object has no such field.
    """
    field, name, cleared_name = resolve(rule.target, schema)
    cuts = rule.on_too_long == "truncate" and field.type in FREE_TEXT_TYPES and field.length > 0
    convert = _conversion(rule, field)
    return Target(
        name=name,
        cleared_name=cleared_name,
        source=rule.source,
        read=_constant(rule, field) if rule.source is None else reader(rule.source),
        convert=_cutting(convert, field.length) if cuts else convert,
        when_missing=None if rule.missing == "clear" else MISSING,
        cut_at=field.length if cuts else None,
    )


def resolve(target: str, schema: ObjectSchema) -> tuple[FieldSchema, str, str]:
    """Return the field of *target*, its name in a request, and the name that null clears.

    ``Account.Key__c`` is text in a field of the parent, cleared as ``AccountId``.

    Raises:
        KeyError: The object has no such field or relationship.
    """
    relationship, dot, key = target.rpartition(".")
    if not dot:
        field = schema.fields[target.lower()]
        return field, field.name, field.name
    link = schema.relationships[relationship.lower()]
    name = f"{link.relationship_name}.{key}"
    return FieldSchema(name=key, type="string"), name, link.name


def _cutting(convert: Convert, length: int) -> Convert:
    return lambda raw: convert(raw if is_empty(raw) else to_text(raw)[:length])


def _constant(rule: FieldRule, field: FieldSchema) -> Reader:
    value = converter(field)(rule.constant)
    return lambda records: [value] * len(records)


def _conversion(rule: FieldRule, field: FieldSchema) -> Convert:
    if rule.tiers is not None:
        return _tiers(rule.tiers, converter(field))
    convert = written(rule.format, rule.default_region, field)
    if rule.values is None:
        return convert
    fit = converter(field)
    known = {text: fit(value) for text, value in rule.values.items()}
    return lambda raw: known[text] if (text := _as_text(raw)) in known else convert(raw)


def _as_text(raw: Any) -> str | None:
    return to_text(raw) if isinstance(raw, str | bool | int | float) else None


def _tiers(tiers: Sequence[Tier], fit: Convert) -> Convert:
    bounds = [(tier.below, fit(tier.value)) for tier in tiers]

    def convert(raw: Any) -> Value:
        if is_empty(raw):
            return fit(None)
        number = to_number(raw)
        return next(value for below, value in bounds if below is None or number < below)

    return convert


def exit_fields(on_exit: RecordExit, schema: ObjectSchema) -> dict[str, Value]:
    """Return what an exit sets: null, or false for a boolean, in every cleared field.

    Raises:
        KeyError: The object has no such field.
        UnfitError: A value does not fit its field.
    """
    match on_exit:
        case ClearOnExit(fields=names):
            return fixed(dict.fromkeys(names), schema)
        case SetOnExit(values=values):
            return fixed(values, schema)
        case _:
            return {}


def fixed(values: Mapping[str, Scalar | None], schema: ObjectSchema) -> dict[str, Value]:
    """Fit fixed *values* to their fields."""
    fields = {name: schema.fields[name.lower()] for name in values}
    return {fields[name].name: converter(fields[name])(value) for name, value in values.items()}
