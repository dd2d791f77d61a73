"""The spelling of values in SOQL: quotes and escapes, dates, numbers.

Vendor facts: SOQL reference, "Quoted String Escape Sequences" and "Date Formats".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timezone

from sandbox.salesforce.soql.ast import Kind, Literal
from sandbox.salesforce.soql.errors import malformed

MAX_STRING_CHARS = 4_000

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"} | {c: c for c in "\\'\""}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LIKE_ESCAPES = ("_", "%", "\\")


def _unescape(match: re.Match[str]) -> str:
    sequence = match[1]
    if len(sequence) > 1:
        return chr(int(sequence[1:], 16))
    if sequence.lower() not in _ESCAPES:
        raise malformed(f"Illegal string literal: invalid escape sequence \\{sequence}")
    return _ESCAPES[sequence.lower()]


def _unescape_pattern(match: re.Match[str]) -> str:
    return match[0] if match[1] in _LIKE_ESCAPES else _unescape(match)


def _contents(quoted: str) -> str:
    if len(quoted) - 2 > MAX_STRING_CHARS:
        raise malformed(f"String literals cannot be longer than {MAX_STRING_CHARS} characters.")
    return quoted[1:-1]


def string(quoted: str) -> str:
    r"""Decode ``'it\'s'``; refuse a backslash that Salesforce does not know."""
    return _ESCAPE.sub(_unescape, _contents(quoted))


def pattern(quoted: str) -> str:
    r"""Decode the pattern of a LIKE; ``\%``, ``\_`` and ``\\`` stay escaped."""
    return _ESCAPE.sub(_unescape_pattern, _contents(quoted))


def _datetime(text: str) -> str:
    plain = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace("Z", "+00:00"))
    plain = re.sub(r"\.(\d+)", lambda match: "." + match[1].ljust(6, "0"), plain)
    moment = datetime.fromisoformat(plain).astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}+0000"


_VALUES: dict[Kind, Callable[[str], str | float | None]] = {
    Kind.STRING: lambda text: string(text) or None,  # Salesforce holds no empty text
    Kind.NUMBER: float,
    Kind.BOOLEAN: lambda text: int(text.lower() == "true"),
    Kind.DATE: lambda text: date.fromisoformat(text).isoformat(),
    Kind.DATETIME: _datetime,
    Kind.NULL: lambda _: None,
}


def literal(kind: Kind, text: str) -> Literal:
    """Decode one literal of *kind* as spelled in the statement."""
    try:
        return Literal(kind, _VALUES[kind](text), text)
    except ValueError as error:
        raise malformed(f"Invalid {kind.value} literal") from error
