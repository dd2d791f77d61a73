"""Whether Salesforce already holds a value, judged as Salesforce stores it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from destination_salesforce_intro.changes import Value
from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.org.schema import NUMBER_TYPES, FieldSchema

# Salesforce numbers have at most 18 digits before and after the point.
MOST_DIGITS = 60


def holds(stored: Any, wanted: Value, field: FieldSchema) -> bool:
    """Whether *field*, read as *stored*, would be the same after writing *wanted*."""
    if _is_blank(stored) or _is_blank(wanted):
        return _is_blank(stored) and _is_blank(wanted)
    if field.type in NUMBER_TYPES:
        return _rounded(stored, field.scale) == _rounded(wanted, field.scale)
    if field.type == "datetime":
        return whole_second(stored) == whole_second(wanted)
    if field.type == "multipicklist":
        return set(str(stored).split(";")) == set(str(wanted).split(";"))
    return bool(_text(stored) == _text(wanted))


def _is_blank(value: Any) -> bool:
    """No value, and an unticked box, are the same nothing."""
    return value is None or value == "" or value is False


def _rounded(value: Any, scale: int | None) -> Decimal:
    """Round as Salesforce does on the way in, to the digits the field has."""
    number = Decimal(str(value))
    if scale is None or number.adjusted() >= MOST_DIGITS - scale - 1:
        return number  # no field takes it; Salesforce refuses the row, and that row only
    return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=MOST_DIGITS))


def whole_second(value: Any) -> float | None:
    """Read a stored or wanted datetime to the second, the precision that Salesforce keeps."""
    when = times.moment(value)
    return None if when is None else when.timestamp() // 1


def _text(value: Any) -> Any:
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value
