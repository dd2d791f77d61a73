"""The WHERE clause of SOQL to SQL.

SOQL knows no third truth value: ``Name != 'x'`` and ``NOT Name = 'x'`` hold for an empty Name. So
equality becomes ``IS`` and a negation ``IS NOT TRUE``.
"""

from __future__ import annotations

import json
from functools import singledispatch
from typing import NamedTuple

from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql.ast import (
    Comparison,
    Condition,
    Includes,
    Junction,
    Like,
    Membership,
    Not,
    Path,
    SemiJoin,
)
from sandbox.salesforce.soql.columns import Column, Scope
from sandbox.salesforce.soql.errors import SoqlError, malformed
from sandbox.salesforce.soql.operands import is_id, is_text, operand, require_filterable

Value = str | float | None

_EQUALITY = {"=": "IS", "!=": "IS NOT"}


class Sql(NamedTuple):
    """A piece of SQL and the values of its question marks, in order."""

    text: str
    values: tuple[Value, ...] = ()


def filter_column(path: Path, scope: Scope) -> Column:
    """Return the column of *path*, if it may stand in a WHERE, ORDER BY or GROUP BY."""
    column = scope.column(path)
    require_filterable(column.field)
    return column


@singledispatch
def condition_sql(condition: Condition, scope: Scope) -> Sql:
    """Translate *condition* for the tables of *scope*, joining parents as needed.

    Raises:
        SoqlError: for an unknown or unfilterable field, a literal of the wrong type, an operator
            that the field's type does not have.
    """
    raise TypeError(f"no translation for {type(condition).__name__} in {scope.root.sobject.name}")


@condition_sql.register
def _(condition: Comparison, scope: Scope) -> Sql:
    column = filter_column(condition.path, scope)
    operator = _EQUALITY.get(condition.operator, condition.operator)
    value = operand(column.field, condition.literal)
    return Sql(f"{column.sql} {operator} ?", (value,))


@condition_sql.register
def _(condition: Like, scope: Scope) -> Sql:
    column = filter_column(condition.path, scope)
    _require(fits=is_text(column.field), field=column.field)
    return Sql(f"{column.sql} LIKE ? ESCAPE '\\'", (condition.pattern,))


@condition_sql.register
def _(condition: Membership, scope: Scope) -> Sql:
    column = filter_column(condition.path, scope)
    values = [operand(column.field, literal) for literal in condition.literals]
    # One JSON array instead of thousands of parameters; the column's collation still rules.
    some = f"{column.sql} IN (SELECT value FROM json_each(?))"  # noqa: S608  # schema's name
    none = f" OR {column.sql} IS NULL" if None in values else ""
    sql = Sql(f"({some}{none})", (json.dumps(values),))
    return _negated(sql) if condition.negated else sql


@condition_sql.register
def _(condition: SemiJoin, scope: Scope) -> Sql:
    column = filter_column(condition.path, scope)
    sub_select = _sub_select(condition, scope)
    _require_join_key(column.field)
    sql = Sql(f"{column.sql} IN ({sub_select.text})", sub_select.values)
    return _negated(sql) if condition.negated else sql


@condition_sql.register
def _(condition: Includes, scope: Scope) -> Sql:
    column = filter_column(condition.path, scope)
    _require(fits=column.field.type == "multipicklist", field=column.field)
    groups = [_all_values(column, group.split(";")) for group in condition.groups]
    sql = _joined("OR", groups)
    return _negated(sql) if condition.negated else sql


@condition_sql.register
def _(condition: Not, scope: Scope) -> Sql:
    return _negated(condition_sql(condition.term, scope))


@condition_sql.register
def _(condition: Junction, scope: Scope) -> Sql:
    return _joined(condition.operator, [condition_sql(term, scope) for term in condition.terms])


def live_rows(scope: Scope) -> Sql:
    """Return the condition that leaves out the recycle bin, unless the scope includes it."""
    return Sql("TRUE" if scope.include_deleted else f"{scope.root.column('IsDeleted')} = 0")


def both(one: Sql, other: Sql) -> Sql:
    """Return the conjunction of two conditions."""
    return Sql(f"({one.text}) AND ({other.text})", one.values + other.values)


def _negated(sql: Sql) -> Sql:
    return Sql(f"({sql.text}) IS NOT TRUE", sql.values)


def _joined(operator: str, parts: list[Sql]) -> Sql:
    """Join by halves: SQLite limits how deep an expression may nest, and a chain is deep."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _joined(operator, parts[:middle]), _joined(operator, parts[middle:])
    return Sql(f"({left.text} {operator} {right.text})", left.values + right.values)


def _all_values(column: Column, values: list[str]) -> Sql:
    holds = f"instr(lower(';' || {column.sql} || ';'), lower(?)) > 0"
    return _joined("AND", [Sql(holds, (f";{value};",)) for value in values])


def _sub_select(condition: SemiJoin, scope: Scope) -> Sql:
    query = condition.query
    inner = scope.sub_select(query.sobject)
    if len(query.items) != 1 or not isinstance(query.items[0], Path):
        raise malformed("Semi join sub-selects must select exactly one field")
    column = inner.column(query.items[0])
    _require_join_key(column.field)
    where = both(live_rows(inner), Sql(f"{column.sql} IS NOT NULL"))
    if query.where:
        where = both(where, condition_sql(query.where, inner))
    source = f"{inner.from_sql} WHERE {where.text}"
    return Sql(f"SELECT {column.sql} FROM {source}", where.values)  # noqa: S608  # schema's names


def _require_join_key(field: Field) -> None:
    if not is_id(field):
        raise malformed(
            f"Semi join sub-selects can only query id fields, cannot use: '{field.name}'"
        )


def _require(*, fits: bool, field: Field) -> None:
    if not fits:
        code = "INVALID_QUERY_FILTER_OPERATOR"
        raise SoqlError(code, f"invalid operator on {field.type} field: {field.name}")
