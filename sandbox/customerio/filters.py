"""The filter of people search, as SQL. Pure.

``{"and": [{"segment": {"id": 7}}, {"attribute": {"field": "plan", "operator": "eq", "value":
"pro"}}]}``; nothing but ``and``, ``or``, ``not``, ``segment``, and ``attribute`` with ``eq`` or
``exists`` (App API reference, customers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Where(NamedTuple):
    """An SQL condition with the values to bind, on the people or a join of *table* with them."""

    sql: str
    values: tuple[object, ...] = ()
    table: str = "people"


class FilterError(ValueError):
    """The filter is not one that the App API takes."""


IDENTIFIERS = ("id", "email", "cio_id")
HAS_ATTRIBUTE = "EXISTS (SELECT 1 FROM json_each(attributes) WHERE key = ?)"
ATTRIBUTE_IS = "EXISTS (SELECT 1 FROM json_each(attributes) WHERE key = ? AND value = ?)"
IS_MEMBER = "position IN (SELECT position FROM memberships WHERE segment_id = ?)"


def compile_filter(tree: object) -> Where:
    """Turn a filter into a condition.

    Raises:
        FilterError: It has an unknown part, or not exactly one part at a place.
    """
    if not isinstance(tree, dict) or len(tree) != 1:
        raise FilterError("a filter has exactly one part at each place")
    kind, content = next(iter(tree.items()))
    if kind not in PARTS:
        raise FilterError(f"a filter is one of {', '.join(PARTS)}")
    return PARTS[kind](content)


def _joined(word: str) -> Callable[[Any], Where]:
    def join(content: Any) -> Where:
        if not isinstance(content, list) or not content:
            raise FilterError("and/or take a list that is not empty")
        parts = [compile_filter(part) for part in content]
        sql = word.join(f"({part.sql})" for part in parts)
        return Where(sql, tuple(value for part in parts for value in part.values))

    return join


def _not(content: Any) -> Where:
    inner = compile_filter(content)
    return Where(f"NOT ({inner.sql})", inner.values)


def _segment(content: Any) -> Where:
    number = content.get("id") if isinstance(content, dict) else None
    if not isinstance(number, int):
        raise FilterError("segment takes a numeric id")
    return Where(IS_MEMBER, (number,))


def _attribute(content: Any) -> Where:
    if not isinstance(content, dict) or not isinstance(content.get("field"), str):
        raise FilterError("attribute takes a field and an operator")
    kind = content.get("operator")
    if kind == "exists":
        return _exists(content["field"])
    if kind == "eq" and isinstance(content.get("value"), str):
        return _equals(content["field"], content["value"])
    raise FilterError("the operator is exists, or eq with a value that is a string")


def _exists(field: str) -> Where:
    return Where(f"{field} NOT NULL") if field in IDENTIFIERS else Where(HAS_ATTRIBUTE, (field,))


def _equals(field: str, value: str) -> Where:
    if field == "email":
        return Where("email_key = ?", (value.lower(),))
    if field in IDENTIFIERS:
        return Where(f"{field} = ?", (value,))
    return Where(ATTRIBUTE_IS, (field, value))


PARTS: Mapping[str, Callable[[Any], Where]] = {
    "and": _joined(" AND "),
    "or": _joined(" OR "),
    "not": _not,
    "segment": _segment,
    "attribute": _attribute,
}
