"""Salesforce record Ids: 15 case-sensitive characters, and 3 more that make them safe to fold.

``003SB0000000001AAA``: key prefix, two of the server, one reserved, nine that count in base 62,
three that say which of the fifteen are capitals.
"""

from __future__ import annotations

import string

ID_CHARS = 18
SHORT_ID_CHARS = 15
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = string.ascii_uppercase + "012345"
_SERVER = "SB0"
_COUNTER_CHARS = 9


def record_id(key_prefix: str, number: int) -> str:
    """Return the 18-character Id of the *number*-th record; Ids sort as their numbers do."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return full_id(key_prefix + _SERVER + digits.rjust(_COUNTER_CHARS, _DIGITS[0]))


def number_of(record: str) -> int:
    """Return the number ``record_id`` was given; the inverse for Ids of this server."""
    number = 0
    for char in record[SHORT_ID_CHARS - _COUNTER_CHARS : SHORT_ID_CHARS]:
        number = number * len(_DIGITS) + _DIGITS.index(char)
    return number


def full_id(text: str) -> str:
    """Return *text* as an 18-character Id.

    Raises:
        ValueError: *text* has neither 15 nor 18 characters, others than letters and digits, or
            three last ones that do not fit the first fifteen.
    """
    if len(text) not in (SHORT_ID_CHARS, ID_CHARS) or not (text.isascii() and text.isalnum()):
        raise ValueError("malformed id")
    short = text[:SHORT_ID_CHARS]
    full = short + "".join(_check_char(short[at : at + 5]) for at in (0, 5, 10))
    if text[SHORT_ID_CHARS:].upper() not in ("", full[SHORT_ID_CHARS:]):
        raise ValueError("malformed id")
    return full


def _check_char(five: str) -> str:
    return _CHECK[sum(1 << at for at, char in enumerate(five) if char in string.ascii_uppercase)]
