"""Runs SOQL on the org: the one module of ``soql*`` that others need."""

from __future__ import annotations

from typing import Any, NamedTuple

from sandbox.salesforce.org import Org
from sandbox.salesforce.soql_columns import Scope, sobject_named
from sandbox.salesforce.soql_errors import SoqlError
from sandbox.salesforce.soql_parser import parse
from sandbox.salesforce.soql_shapes import shape_of
from sandbox.salesforce.soql_sql import select_sql

__all__ = ["QueryResult", "SoqlError", "run"]


class QueryResult(NamedTuple):
    """All records of a statement and their number; ``COUNT()`` has a number alone.

    A record: ``{"attributes": {"type": "CampaignMember", "url": "/services/data/v65.0/sobjects/
    CampaignMember/00v…"}, "Id": "00v…", "Contact": {"attributes": {…}, "Email": "a@x.example"}}``.
    """

    records: list[dict[str, Any]]
    total: int


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
