"""The clauses of a SOQL SELECT, put together as one parameterised SQLite statement."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce.soql.ast import Ordering, Query
from sandbox.salesforce.soql.columns import Scope
from sandbox.salesforce.soql.conditions import Sql, both, condition_sql, filter_column, live_rows
from sandbox.salesforce.soql.errors import SoqlError

MAX_OFFSET = 2_000


def select_sql(query: Query, scope: Scope, columns: Sequence[str]) -> Sql:
    """Return the statement that selects the SQL expressions *columns*.

    Raises:
        SoqlError: if a clause names what the org lacks or compares what cannot be compared.
    """
    where = _where(query, scope)
    group_by, order_by, page = _group_by(query, scope), _order_by(query, scope), _page(query)
    # The FROM comes last: the other clauses ask for joins.
    source = f"{scope.from_sql} WHERE {where.text}"
    head = f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608  # names are the schema's
    return Sql(f"{head}{group_by}{order_by}{page}", where.values)


def _where(query: Query, scope: Scope) -> Sql:
    live = live_rows(scope)
    return both(live, condition_sql(query.where, scope)) if query.where else live


def _group_by(query: Query, scope: Scope) -> str:
    keys = [filter_column(path, scope).sql for path in query.group_by]
    return f" GROUP BY {', '.join(keys)}" if keys else ""


def _order_by(query: Query, scope: Scope) -> str:
    keys = [_ordering(ordering, scope) for ordering in query.order_by]
    return f" ORDER BY {', '.join(keys)}" if keys else ""


def _ordering(ordering: Ordering, scope: Scope) -> str:
    column = filter_column(ordering.path, scope)
    direction = "DESC" if ordering.descending else "ASC"
    nulls = "LAST" if ordering.nulls_last else "FIRST"
    return f"{column.sql} {direction} NULLS {nulls}"


def _page(query: Query) -> str:
    if query.offset > MAX_OFFSET:
        sentence = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", sentence)
    if query.limit is None and not query.offset:
        return ""
    limit = -1 if query.limit is None else query.limit
    return f" LIMIT {limit} OFFSET {query.offset}"
