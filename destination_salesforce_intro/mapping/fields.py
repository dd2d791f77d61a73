"""What the fields of a Salesforce object should hold, read from a record by a mapping's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

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
from destination_salesforce_intro.mapping.paths import MISSING, reader
from destination_salesforce_intro.mapping.values import (
    Convert,
    UnfitError,
    converter,
    is_empty,
    to_number,
    to_text,
)
from destination_salesforce_intro.org.schema import FREE_TEXT_TYPES, FieldSchema, ObjectSchema

Record = Mapping[str, Any]
# The columns that say when a record changed, best first; the last is Airbyte's own.
CHANGED_AT_COLUMNS = ("changed_at", "updated_at", "_ab_cdc_updated_at")
DELETED_AT_COLUMN = "_ab_cdc_deleted_at"
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
        if isinstance(value, str | int | float) and (text := _as_time(value)):
            return text
    return None


@lru_cache(maxsize=REMEMBERED)
def _as_time(value: float | str) -> str | None:
    when = times.moment(value)
    return None if when is None else times.as_datetime(when)


@dataclass(frozen=True, slots=True)
class Target:
    """One field rule, compiled: where its value comes from and what the field takes.

    *cleared_name* is the field that null clears; it differs from *name* where a lookup is set
    through its parent's external id (``Account.Key__c``, cleared as ``AccountId``).
    """

    name: str
    cleared_name: str
    source: str | None
    read: Callable[[Record], Any]
    convert: Convert
    when_missing: Any  # MISSING leaves the field alone, None clears it
    cut_at: int | None  # longest text, where longer text is cut

    def fill(self, record: Record, fields: dict[str, Value]) -> int:
        """Put the value of *record* into *fields*; return how many texts had to be cut.

        Raises:
            RefusedValueError: The value cannot be what the field takes.
        """
        raw = self.read(record)
        raw = self.when_missing if raw is MISSING else raw
        if raw is MISSING:
            return 0
        try:
            fit, cuts = (raw, 0) if self.cut_at is None else cut(raw, self.cut_at)
            value = self.convert(fit)
        except UnfitError as error:
            raise RefusedValueError(self._rejection(raw, str(error))) from None
        fields[self.cleared_name if value is None else self.name] = value
        return cuts

    def _rejection(self, raw: Any, problem: str) -> Rejection:
        return Rejection(
            code="INVALID_VALUE",
            message=f"{self.name}: {raw!r} {problem}",
            cause=f'The value of "{self.source}" {problem}, as {self.name} needs it.',
            hint=f'Correct the value where it comes from, or give the rule for "{self.name}" a '
            '"format" or "values" that turn it into what the field takes.',
        )


def cut(raw: Any, length: int) -> tuple[Any, int]:
    """Return *raw* as text of at most *length* characters, and how many texts were cut: 0 or 1."""
    if is_empty(raw) or len(text := to_text(raw)) <= length:
        return raw, 0
    return text[:length], 1


class Filled(NamedTuple):
    """The fields a record sets or clears, and how many texts were cut for them."""

    fields: dict[str, Value]
    truncated: int


def fill(targets: Sequence[Target], record: Record) -> Filled:
    """Apply every rule to *record*.

    Raises:
        RefusedValueError: A value cannot be what its field takes.
    """
    fields: dict[str, Value] = {}
    truncated = 0
    for target in targets:
        truncated += target.fill(record, fields)
    return Filled(fields, truncated)


def compile_rule(rule: FieldRule, schema: ObjectSchema) -> Target:
    """Tie *rule* to the field it targets.

    Raises:
        UnfitError: A constant, a tier or a value of the rule does not fit the field.
        KeyError: The object has no such field.
    """
    field, name, cleared_name = resolve(rule.target, schema)
    cuts = rule.on_too_long == "truncate" and field.type in FREE_TEXT_TYPES and field.length > 0
    return Target(
        name=name,
        cleared_name=cleared_name,
        source=rule.source,
        read=_constant(rule, field) if rule.source is None else reader(rule.source),
        convert=_conversion(rule, field),
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


def _constant(rule: FieldRule, field: FieldSchema) -> Callable[[Record], Any]:
    value = converter(field)(rule.constant)
    return lambda _record: value


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
