"""Deleting: records go to the recycle bin, their children with them or free of them."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce.matching import marks
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject


def discard(org: Org, sobject: SObject, ids: Sequence[str]) -> None:
    """Move records to the recycle bin; children follow or forget them, as their field says."""
    now = org.now()
    sql = (
        f'UPDATE "{sobject.name}" SET "IsDeleted" = 1, "LastModifiedDate" = ?, "SystemModstamp" = ?'  # noqa: S608  -- names of the schema
        f' WHERE "Id" IN {marks(ids)} AND "IsDeleted" = 0'
    )
    org.rows(sql, now, now, *ids)
    for child, by in org.children(sobject):
        _release(org, child, by, ids)


def _release(org: Org, child: SObject, by: Field, parents: Sequence[str]) -> None:
    of_parents = f'"{by.name}" IN {marks(parents)} AND "IsDeleted" = 0'
    if by.on_parent_delete == "cascade":
        sql = f'SELECT "Id" FROM "{child.name}" WHERE {of_parents}'  # noqa: S608  -- names of the schema
        orphans = [record for (record,) in org.rows(sql, *parents)]
        if orphans:
            discard(org, child, orphans)
    else:
        org.rows(f'UPDATE "{child.name}" SET "{by.name}" = NULL WHERE {of_parents}', *parents)  # noqa: S608  -- names of the schema
