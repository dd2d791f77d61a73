"""Turn a source value into what one Salesforce field takes, by the field's type; never a guess.

Customer.io hands over strings, other sources JSON values; both end as the type describe names.
``None`` and empty text mean "no value" and clear the field (Salesforce stores ``""`` as null), so
REST and Bulk, where an empty cell would mean "leave", agree.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from destination_salesforce_intro.changes import Value
from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.mapping.paths import MISSING, Missing
from destination_salesforce_intro.org.schema import (
    ID_TYPES,
    NUMBER_TYPES,
    PLAIN_TEXT_TYPES,
    UNWRITABLE_TYPES,
    FieldSchema,
)

Convert = Callable[[Any], Value]
# What a column of text consists of; only such values can be told apart by comparing them (1 is
# equal to True).
_TEXT_OR_NOTHING = frozenset({str, type(None), Missing})


class UnfitError(Exception):
    """The value cannot be what the field wants; says what it is not, and quotes nothing."""


def converted(convert: Convert, column: Sequence[Any]) -> list[Any]:
    """Convert every value of *column*, and each distinct text only once.

    What is MISSING stays so; what does not fit has its UnfitError in its place.
    """
    if not _TEXT_OR_NOTHING.issuperset(map(type, column)):
        return [_attempt(convert, value) for value in column]
    distinct = set(column) - {MISSING}
    try:
        made = dict(zip(distinct, map(convert, distinct), strict=True))
    except UnfitError:
        made = {value: _attempt(convert, value) for value in distinct}
    made[MISSING] = MISSING
    return [made[value] for value in column]


def _attempt(convert: Convert, value: Any) -> Any:
    if value is MISSING:
        return MISSING
    try:
        return convert(value)
    except UnfitError as unfit:
        return unfit.with_traceback(None)


def converter(field: FieldSchema) -> Convert:
    """Return the function that makes a source value fit *field*; it raises UnfitError.

    An empty value of a boolean becomes False, since Salesforce has no empty checkbox.
    """
    if field.type in PLAIN_TEXT_TYPES and not field.restricted:
        return _plain_text(field.length or sys.maxsize)
    convert = _by_type(field)
    if field.length and field.type not in NUMBER_TYPES | ID_TYPES:
        convert = _limited(convert, field.length)
    return _emptied(convert, empty=False if field.type == "boolean" else None)


def _plain_text(length: int) -> Convert:
    """Return the commonest conversion in one piece, since it runs for most values there are."""

    def convert(value: Any) -> Value:
        if not isinstance(value, str):
            value = "" if is_empty(value) else to_text(value)
        text = value.strip()
        if len(text) > length:
            raise UnfitError(f"is longer than {length} characters")
        return text or None

    return convert


def _emptied(convert: Convert, empty: Value) -> Convert:
    def emptied(value: Any) -> Value:
        made = None if is_empty(value) else convert(value)
        return empty if made is None or made == "" else made

    return emptied


def is_empty(value: Any) -> bool:
    """Whether *value* stands for no value: null, blank text, an empty list."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _by_type(field: FieldSchema) -> Convert:
    if field.type in UNWRITABLE_TYPES:
        return _unwritable
    if field.restricted and field.picklist:
        return _picklist(field)
    return _BY_TYPE.get(field.type, to_text)


def _unwritable(value: Any) -> Value:  # noqa: ARG001  # one shape for all types
    raise UnfitError("has no form for a field of this type")


def _limited(convert: Convert, length: int) -> Convert:
    def limited(value: Any) -> Value:
        text = convert(value)
        if isinstance(text, str) and len(text) > length:
            raise UnfitError(f"is longer than {length} characters")
        return text

    return limited


def to_text(value: Any) -> str:
    """Write a scalar as text, trimmed as Salesforce trims it; True is ``true``, 12.0 is ``12``."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(to_number(value))
    raise UnfitError("is a list or an object, not a single value")


LONGEST_NUMBER = 400  # more digits than any float has; Python refuses to read thousands of them


def to_number(value: Any) -> int | float:
    """Read a finite number: whole ones as int, so that no digit is lost."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnfitError("is not a number")
    if isinstance(value, str):
        value = _read_number(value.strip())
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UnfitError("is not a finite number")
        return int(value) if value.is_integer() else value
    return int(value)


def _read_number(text: str) -> int | float:
    if len(text) > LONGEST_NUMBER or "_" in text or not text.isascii():
        raise UnfitError("is not a number")
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise UnfitError("is not a number") from None


TOO_MUCH = 10**18  # a Salesforce number has at most 18 digits


def to_amount(value: Any) -> int | float:
    """Read a number that some field can hold; a larger one has no form in a request."""
    number = to_number(value)
    if abs(number) >= TOO_MUCH:
        raise UnfitError("has more than 18 digits")
    return number


def to_whole(value: Any) -> int:
    """Read a number without a fraction."""
    number = to_amount(value)
    if isinstance(number, float):
        raise UnfitError("is not a whole number")
    return number


_BOOLEANS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


def to_boolean(value: Any) -> bool:
    """Read true/false or 1/0, in any case; no other word counts."""
    try:
        return _BOOLEANS[to_text(value).lower()]
    except KeyError:
        raise UnfitError("is not true or false") from None


def to_datetime(value: Any) -> str:
    """Write a point in time as ``2026-01-02T03:04:05.000Z``."""
    when = times.moment(value)
    if when is None:
        raise UnfitError("is not a date and time")
    return times.as_datetime(when)


def to_date(value: Any) -> str:
    """Write a day as ``2026-01-02``: of a time with an offset, the day it was there."""
    when = times.moment(value)
    if when is None:
        raise UnfitError("is not a date")
    return f"{when:%Y-%m-%d}"


_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3})\d*)?)?Z?", re.ASCII)


def to_time(value: Any) -> str:
    """Write a time of day as ``03:04:05.000Z``."""
    match = _TIME.fullmatch(to_text(value))
    if match is None:
        raise UnfitError("is not a time of day")
    hour, minute, second, fraction = match.groups()
    return f"{hour}:{minute}:{second or '00'}.{(fraction or '').ljust(3, '0')}Z"


_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def to_id(value: Any) -> str:
    """Write a record Id with 18 characters; one of 15 gets its checksum."""
    text = to_text(value)
    if not _ID.fullmatch(text):
        raise UnfitError("is not a Salesforce record Id")
    return text[:15] + "".join(_check_letter(text[at : at + 5]) for at in (0, 5, 10))


def _check_letter(part: str) -> str:
    return _CHECK[sum(1 << place for place, letter in enumerate(part) if letter.isupper())]


def to_multi_select(value: Any) -> str:
    """Write several values as ``a;b``, each once: from a list, a JSON list in text, or ``a;b``."""
    parts = value if isinstance(value, list) else _parts(to_text(value))
    texts = [to_text(part) for part in parts if not is_empty(part)]
    if any(";" in text for text in texts):
        raise UnfitError("has a value with a semicolon in it")
    return ";".join(dict.fromkeys(texts))


def _parts(text: str) -> list[Any]:
    if not text.startswith("["):
        return text.split(";")
    try:
        listed = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UnfitError("is not a list") from None
    return listed if isinstance(listed, list) else [text]


def _picklist(field: FieldSchema) -> Convert:
    """Accept only the picklist's values, in any case, and spell them as the picklist does."""
    spelling = {value.lower(): value for value in field.picklist}
    several = field.type == "multipicklist"

    def convert(value: Any) -> Value:
        parts = to_multi_select(value).split(";") if several else [to_text(value)]
        known = [spelling.get(part.lower()) for part in parts if part]
        if None in known:
            raise UnfitError("is not one of the values of its restricted picklist")
        return ";".join(map(str, known))

    return convert


_BY_TYPE: Mapping[str, Convert] = {
    "boolean": to_boolean,
    "int": to_whole,
    "long": to_whole,
    "double": to_amount,
    "currency": to_amount,
    "percent": to_amount,
    "date": to_date,
    "datetime": to_datetime,
    "time": to_time,
    "id": to_id,
    "reference": to_id,
    "multipicklist": to_multi_select,
}
