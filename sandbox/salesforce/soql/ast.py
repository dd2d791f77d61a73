"""What a SOQL statement says, as values.

``builder`` makes them, ``sql`` translates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """The kinds of literal SOQL tells apart by their spelling."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as the database holds it: ``Literal(Kind.BOOLEAN, 1, "true")``.

    A datetime is UTC text such as ``2026-01-02T03:04:05.000+0000``; *text* is the spelling in the
    statement.
    """

    kind: Kind
    value: str | float | None
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a parent's field: ``Contact.Email`` is ``("Contact", "Email")``.

    *position* is the offset in the statement, for error messages.
    """

    names: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``path operator literal`` with ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""

    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Like:
    r"""``path LIKE 'pattern'``; *pattern* keeps ``\%``, ``\_`` and ``\\`` escaped."""

    path: Path
    pattern: str


@dataclass(frozen=True, slots=True)
class Membership:
    """``path [NOT] IN (literal, ...)``."""

    path: Path
    literals: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """``path [NOT] IN (SELECT one FROM ...)``."""

    path: Path
    query: Query
    negated: bool


@dataclass(frozen=True, slots=True)
class Includes:
    """``path INCLUDES ('A;B', 'C')``: all values of at least one group; negated is EXCLUDES."""

    path: Path
    groups: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Not:
    """``NOT term``."""

    term: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more terms joined by one operator, ``AND`` or ``OR``."""

    operator: str
    terms: tuple[Condition, ...]


Condition = Comparison | Like | Membership | SemiJoin | Includes | Not | Junction


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``COUNT(Id) total``; without an alias Salesforce names the columns expr0, expr1, ..."""

    function: str
    path: Path
    alias: str | None


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement; no *items* means ``SELECT COUNT()``."""

    items: tuple[Path | Aggregate, ...]
    sobject: str
    where: Condition | None
    group_by: tuple[Path, ...]
    order_by: tuple[Ordering, ...]
    limit: int | None
    offset: int
