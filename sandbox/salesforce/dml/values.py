"""Values as JSON and CSV bring them, to values as the columns hold them.

Strict where Salesforce is: nothing is cut or guessed; numbers are rounded to their scale. All types
may come as text, since a CSV has nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.ids import full_id
from sandbox.salesforce.schema import TEXT_TYPES, Field

MAX_MULTI_SELECT_VALUES = 100
MAX_DIGITS = 18
WRONG_TYPE = "INVALID_TYPE_ON_FIELD_IN_RECORD"
_BOOLEANS = {True: 1, False: 0, "true": 1, "false": 0, "1": 1, "0": 0}
_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"]+@[^@\s,;:<>()\[\]\"]+\.[^@\s.,;:<>()\[\]\"]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_MS_DIGITS = 3


class BadValue(Exception):  # noqa: N818  -- it is a verdict on a value, not a failure of ours
    """A value that its field cannot hold; *code* is Salesforce's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def to_column(field: Field, value: Any) -> Any:
    """Return *value* as the column of *field* holds it; blank text is null.

    Raises:
        BadValue: The field cannot hold it.
    """
    if value is None or value == "":
        return _null(field)
    if field.type in TEXT_TYPES:
        return _text(field, value)
    return _CONVERTERS[field.type](field, value)


def is_of_wrong_type(field: Field, value: Any) -> bool:
    """Whether *value* is none of the type of *field*, as against one that it cannot hold."""
    try:
        to_column(field, value)
    except BadValue as bad:
        return bad.code == WRONG_TYPE
    return False


def _null(field: Field) -> None:
    if field.type == "boolean":
        raise _wrong_type(field, "null")


def _wrong_type(field: Field, value: object) -> BadValue:
    return BadValue(WRONG_TYPE, f"{field.label}: value not of required type: {value}")


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    text = value.strip()
    if len(text) > field.length:
        raise BadValue(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
        )
    check = _TEXT_CHECKS.get(field.type)
    return (check(field, text) if check else text) or None


def _email(field: Field, text: str) -> str:
    if text and not _EMAIL.fullmatch(text):
        raise BadValue("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}")
    return text


def _picklist(field: Field, text: str) -> str:
    if not field.restricted_picklist:
        return text
    known = {each.lower(): each for each in field.picklist_values}
    if text.lower() not in known:
        raise BadValue(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {text}",
        )
    return known[text.lower()]


def _multi_select(field: Field, text: str) -> str:
    chosen = list(dict.fromkeys(filter(None, map(str.strip, text.split(";")))))
    if len(chosen) > MAX_MULTI_SELECT_VALUES:
        raise BadValue("TOO_MANY_ENUM_VALUE", f"{field.label}: too many values selected")
    return ";".join(_picklist(field, each) for each in chosen)


def _boolean(field: Field, value: Any) -> int:
    key = value.lower() if isinstance(value, str) else value
    if not isinstance(key, (bool, str)) or key not in _BOOLEANS:
        raise _wrong_type(field, value)
    return _BOOLEANS[key]


def _number(field: Field, value: Any) -> float:
    step = Decimal(1).scaleb(-field.scale)
    return float(_exact(field, value).quantize(step, ROUND_HALF_UP))


def _integer(field: Field, value: Any) -> int:
    exact = _exact(field, value)
    if exact != int(exact):
        raise _wrong_type(field, value)
    return int(exact)


def _exact(field: Field, value: Any) -> Decimal:
    exact = _decimal(value)
    if exact is None or not exact.is_finite():
        raise _wrong_type(field, value)
    if abs(exact) >= 10 ** ((field.precision or MAX_DIGITS) - field.scale):
        raise BadValue(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
        )
    return exact


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _day(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _wrong_type(field, value)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise _wrong_type(field, value) from None


def _moment(field: Field, value: Any) -> str:
    match = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong_type(field, value)
    whole, fraction, zone = match.groups()
    milliseconds = (fraction or ".")[1:][:_MS_DIGITS].ljust(_MS_DIGITS, "0")
    try:
        return f"{_in_utc(whole, zone)}.{milliseconds}+0000"
    except ValueError:
        raise _wrong_type(field, value) from None


def _in_utc(whole: str, zone: str) -> str:
    offset = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
    moment = datetime.fromisoformat(whole + offset).astimezone(timezone.utc)
    return moment.isoformat()[:19]


def _reference(field: Field, value: Any) -> str:
    try:
        return full_id(value if isinstance(value, str) else "")
    except ValueError:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise BadValue("MALFORMED_ID", message) from None


_TEXT_CHECKS: dict[str, Callable[[Field, str], str]] = {
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multi_select,
}
_CONVERTERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    "int": _integer,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _day,
    "datetime": _moment,
    "reference": _reference,
    "id": _reference,
}
