"""Deleting: records go to the recycle bin, their children with them or free of them."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce.org import ONE_OF, Org, to_the_second
from sandbox.salesforce.schema import Field, SObject


def discard(org: Org, sobject: SObject, ids: Sequence[str]) -> None:
    """Move records to the recycle bin; children follow or forget them, as their field says."""
    _discard(org, sobject, ids, org.now())


def _discard(org: Org, sobject: SObject, ids: Sequence[str], now: str) -> None:
    sql = (
        f'UPDATE "{sobject.name}" SET "IsDeleted" = 1, "LastModifiedDate" = ?, "SystemModstamp" = ?'  # noqa: S608  -- names of the schema
        f' WHERE "Id" IN {ONE_OF} AND "IsDeleted" = 0'
    )
    org.rows(sql, to_the_second(now), now, list(ids))
    for child, by in org.children(sobject):
        _release(org, child, by, ids, now)


def _release(org: Org, child: SObject, by: Field, parents: Sequence[str], now: str) -> None:
    of_parents = f'"{by.name}" IN {ONE_OF} AND "IsDeleted" = 0'
    if by.on_parent_delete == "cascade":
        sql = f'SELECT "Id" FROM "{child.name}" WHERE {of_parents}'  # noqa: S608  -- names of the schema
        orphans = [record for (record,) in org.rows(sql, list(parents))]
        if orphans:
            _discard(org, child, orphans, now)
    else:
        org.rows(f'UPDATE "{child.name}" SET "{by.name}" = NULL WHERE {of_parents}', list(parents))  # noqa: S608  -- names of the schema


def restore(org: Org, sobject: SObject, ids: Sequence[str]) -> None:
    """Take records out of the recycle bin, and the children that were deleted with them.

    Raises:
        ValueError: Another live record has taken a unique value meanwhile.
    """
    for record in ids:
        _require_free(org, sobject, record)
        [[deleted_at]] = org.rows(
            f'SELECT "SystemModstamp" FROM "{sobject.name}" WHERE "Id" = ?',  # noqa: S608  -- names of the schema
            record,
        )
        org.rows(f'UPDATE "{sobject.name}" SET "IsDeleted" = 0 WHERE "Id" = ?', record)  # noqa: S608  -- names of the schema
        for child, by in org.children(sobject):
            if by.on_parent_delete == "cascade":
                restore(org, child, _deleted_with(org, child, by, record, deleted_at))


def _deleted_with(org: Org, child: SObject, by: Field, parent: str, at: str) -> list[str]:
    sql = (
        f'SELECT "Id" FROM "{child.name}" WHERE "{by.name}" = ?'  # noqa: S608  -- names of the schema
        ' AND "IsDeleted" = 1 AND "SystemModstamp" = ?'
    )
    return [record for (record,) in org.rows(sql, parent, at)]


def _require_free(org: Org, sobject: SObject, record: str) -> None:
    for field in sobject.fields.values():
        if not field.unique:
            continue
        column = f'"{field.name}"'
        sql = (
            f'SELECT 1 FROM "{sobject.name}" WHERE "IsDeleted" = 0 AND {column} ='  # noqa: S608  -- names of the schema
            f' (SELECT {column} FROM "{sobject.name}" WHERE "Id" = ?)'
        )
        if org.rows(sql, record):
            raise ValueError(f"DUPLICATE_VALUE: another record has the {field.label}")
