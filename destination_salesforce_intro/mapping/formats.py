"""The formats a rule may ask for: how a value is written, before the field's type has its say.

Each function takes a value that is not empty and raises UnfitError where it cannot be written so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from email_validator import EmailNotValidError, validate_email

from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.mapping.values import (
    Convert,
    UnfitError,
    is_empty,
    to_date,
    to_datetime,
    to_multi_select,
    to_text,
)
from destination_salesforce_intro.org.schema import FieldSchema

# Checking one address or number takes about 50 us, and a record often names it twice.
REMEMBERED = 4096
# Well within the 254 characters of an address (RFC 5321), and the 64 of its part before the @.
LONGEST_PLAIN_EMAIL = 200
_PLAIN_LOCAL_PART = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*", re.ASCII)


def formatter(name: str, region: str | None, field: FieldSchema) -> Convert:
    """Return the function for the format *name*; an empty value passes through it unchanged.

    *region* is the country of phone numbers without a country code, e.g. ``US``.
    """
    if name == "email":
        return _email
    write = _writer(name, region, field)
    return lambda value: value if is_empty(value) else write(value)


def _writer(name: str, region: str | None, field: FieldSchema) -> Callable[[Any], Any]:
    if name == "phone_e164":
        return lambda value: to_e164(to_text(value), region)
    if name == "epoch_seconds" and field.type in {"date", "datetime"}:
        return _from_epoch
    return _FORMATS[name]


def _email(value: Any) -> str | None:
    if not isinstance(value, str):
        return None if is_empty(value) else to_email(to_text(value))
    text = value.strip()
    return to_email(text) if text else None


def to_email(text: str) -> str:
    """Trim and lower-case an address whose syntax is right; no network is asked.

    The part before the @ is mostly plain, and domains are few, so those are checked once each.
    """
    local, _, domain = text.rpartition("@")
    if len(text) <= LONGEST_PLAIN_EMAIL and _PLAIN_LOCAL_PART.fullmatch(local):
        return f"{local.lower()}@{_checked(f'x@{domain}')[2:]}"
    return _checked(text)


@lru_cache(maxsize=REMEMBERED)
def _checked(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise UnfitError("is not an e-mail address") from None
    return checked.normalized.lower()


@lru_cache(maxsize=REMEMBERED)
def to_e164(text: str, region: str | None) -> str:
    """Write a phone number as ``+14155550123``; one that cannot exist is refused."""
    import phonenumbers  # noqa: PLC0415  (most mappings have no phone numbers)

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise UnfitError("is not a phone number with its country") from None
    if not phonenumbers.is_possible_number(number):
        raise UnfitError("is not a phone number that can exist")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def to_epoch_seconds(value: Any) -> int:
    """Write a point in time as whole seconds since 1970."""
    when = _declared_moment(value)
    return int(when.timestamp() // 1)


def _from_epoch(value: Any) -> str:
    return times.as_datetime(_declared_moment(value))


def _declared_moment(value: Any) -> Any:
    """Read a time that is declared to be in seconds, so that a small number is one too."""
    when = times.from_seconds(value) or times.moment(value)
    if when is None:
        raise UnfitError("is not a time in seconds")
    return when


def _sha256(value: Any) -> str:
    return hashlib.sha256(to_text(value).encode()).hexdigest()


_FORMATS: Mapping[str, Callable[[Any], Any]] = {
    "lower": lambda value: to_text(value).lower(),
    "upper": lambda value: to_text(value).upper(),
    "trim": to_text,
    "date": to_date,
    "datetime": to_datetime,
    "epoch_seconds": to_epoch_seconds,
    "sha256": _sha256,
    "multi_select": to_multi_select,
}
