"""SOQL: reads a statement, runs it on the org, shapes the rows as Salesforce answers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.columns import Scope, sobject_named
from sandbox.salesforce.soql.conditions import Sql
from sandbox.salesforce.soql.errors import SoqlError
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.shapes import TableShape, shape_of
from sandbox.salesforce.soql.sql import select_sql

__all__ = ["FlatResult", "QueryResult", "SoqlError", "run", "table"]


class QueryResult(NamedTuple):
    """All records of a statement and their number; ``COUNT()`` has a number alone.

    A record: ``{"attributes": {"type": "CampaignMember", "url": "/services/data/v65.0/sobjects/
    CampaignMember/00v…"}, "Id": "00v…", "Contact": {"attributes": {…}, "Email": "a@x.example"}}``.
    """

    records: list[dict[str, Any]]
    total: int


class FlatResult(NamedTuple):
    """The answer as a table: ``Contact.Email`` is the name of a parent's column.

    *rows* are those that the org has when the first is asked for.
    """

    sobject: str
    names: list[str]
    rows: Iterator[list[Any]]


def run(
    org: Org, text: str, *, include_deleted: bool = False, version: str = "65.0"
) -> QueryResult:
    """Run one statement.

    Args:
        org: whose tables are read.
        text: the statement, e.g. ``SELECT Id, Contact.Email FROM CampaignMember WHERE …``.
        include_deleted: whether the recycle bin is read too (``queryAll``).
        version: the API version that records' URLs name.

    Raises:
        SoqlError: with Salesforce's code and sentence, for a statement that Salesforce refuses.
    """
    query = parse(text)
    scope = Scope(org, text, sobject_named(org, query.sobject), include_deleted=include_deleted)
    if not query.items:
        statement = select_sql(query, scope, ["COUNT(*)"])
        return QueryResult([], org.db.execute(*statement).fetchone()[0])
    shape = shape_of(query, scope, f"/services/data/v{version}/sobjects")
    statement = select_sql(query, scope, shape.columns)
    records = [shape.record(row) for row in org.db.execute(*statement)]
    return QueryResult(records, len(records))


def table(org: Org, text: str, *, include_deleted: bool = False) -> FlatResult:
    """Prepare one statement for Bulk query; arguments as for ``run``.

    Raises:
        SoqlError: as for ``run``, and for aggregates.
    """
    query = parse(text)
    scope = Scope(org, text, sobject_named(org, query.sobject), include_deleted=include_deleted)
    shape = TableShape(query, scope)
    statement = select_sql(query, scope, shape.columns)
    return FlatResult(scope.root.sobject.name, shape.names, _flat_rows(org, statement, shape))


def _flat_rows(org: Org, statement: Sql, shape: TableShape) -> Iterator[list[Any]]:
    for row in org.db.execute(*statement).fetchall():
        yield shape.values(row)
