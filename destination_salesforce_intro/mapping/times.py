"""Points in time, from the spellings in which sources write them to Salesforce's own.

A number is seconds since 1970 (Customer.io keeps times so). A text without an offset is UTC.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

UTC = timezone.utc
# Before 1973-03-03 a bare number is more likely a date like 20260102 than a time in seconds.
FIRST_PLAUSIBLE_SECOND = 100_000_000
# The range of Salesforce's date fields (SOAP API reference, "Primitive Data Types").
FIRST_YEAR, LAST_YEAR = 1700, 4000

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = re.compile(r"[+-]?\d{1,12}(\.\d+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_seconds(value: Any) -> datetime | None:
    """Read seconds since 1970, as a number or as digits; None if it is none."""
    text = str(value).strip()
    if isinstance(value, bool) or not _SECONDS.fullmatch(text):
        return None
    try:
        return _in_range(_EPOCH + timedelta(seconds=float(text)))
    except OverflowError:
        return None


def from_iso(text: str) -> datetime | None:
    """Read ``2026-01-02``, ``2026-01-02T03:04:05.678Z`` or with an offset; None if it is none."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups(default="0")
    try:
        return _in_range(
            datetime(
                *(int(year), int(month), int(day), int(hour), int(minute), int(second)),
                int(fraction[:6].ljust(6, "0")),
                tzinfo=_zone(offset),
            )
        )
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """Read either spelling; a number too small to be a time by accident is none."""
    if isinstance(value, str) and (found := from_iso(value)):
        return found
    found = from_seconds(value)
    plausible = found is not None and found.timestamp() >= FIRST_PLAUSIBLE_SECOND
    return found if plausible else None


def as_datetime(when: datetime) -> str:
    """Write *when* in UTC with milliseconds, e.g. ``2026-01-02T03:04:05.000Z``."""
    utc = when.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='milliseconds')}Z"


def _zone(offset: str) -> timezone:
    if offset in {"0", "Z", "z"}:
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def _in_range(when: datetime) -> datetime | None:
    return when if FIRST_YEAR <= when.year <= LAST_YEAR else None
