"""Writes records: every REST, Collections, Composite and Bulk write ends here.

A write goes through in transactions of at most 200 rows. In each, rows are read, matched with
records, checked, and what is left of them is written; a row that fails leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sandbox.salesforce.dml.campaigns import add_statuses, check_members
from sandbox.salesforce.dml.matching import match_by_id, match_by_key, resolve_parents
from sandbox.salesforce.dml.obstacles import meet_obstacles
from sandbox.salesforce.dml.recycle_bin import discard
from sandbox.salesforce.dml.rows import Draft, RowResult, draft
from sandbox.salesforce.dml.rules import (
    check_deletable,
    check_not_converted,
    check_permitted,
    check_references,
    check_required,
    check_unique,
    check_writable,
    fill_defaults,
    living,
)
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org
from sandbox.salesforce.schema import Field, SObject

MAX_ROWS_PER_TRANSACTION = 200

Operation = Literal["insert", "update", "upsert", "delete"]
Rows = Sequence[Mapping[str, Any]]


class Run(NamedTuple):
    """Rows of one object, in a write that may have several."""

    sobject: SObject
    rows: Rows


class _RolledBackError(Exception):
    """A row failed, and the writer wants all or none."""


def apply(
    org: Org,
    operation: Operation,
    sobject: SObject,
    rows: Rows,
    *,
    key_field: str | None = None,
    all_or_none: bool = False,
) -> list[RowResult]:
    """Write *rows*, and say what became of each, in their order.

    Args:
        org: Where to.
        operation: ``update`` and ``delete`` take rows with an ``Id``, ``upsert`` with a key.
        sobject: The object all rows are of.
        rows: As JSON brings them: ``{"LastName": "Osei", "Account": {"Acct_Key__c": "A9"}}``.
        key_field: The field an upsert matches by, an External ID, an idLookup or ``Id``.
        all_or_none: Whether one failure undoes everything.

    Raises:
        ValueError: *key_field* cannot identify a record.
    """
    run = Run(sobject, rows)
    return apply_runs(org, operation, [run], key_field=key_field, all_or_none=all_or_none)


def apply_runs(
    org: Org,
    operation: Operation,
    runs: Sequence[Run],
    *,
    key_field: str | None = None,
    all_or_none: bool = False,
) -> list[RowResult]:
    """Write rows of several objects, as ``apply`` does, in one transaction."""
    org.writes.calls += 1
    drafts: list[Draft] = []
    try:
        with org.transaction():
            for sobject, rows in runs:
                drafts += _write_run(org, operation, sobject, rows, key_field)
            if all_or_none:
                _require_all(drafts)
    except _RolledBackError:
        _roll_back(drafts)
    return [each.result() for each in drafts]


def _write_run(
    org: Org, operation: Operation, sobject: SObject, rows: Rows, key_field: str | None
) -> list[Draft]:
    write = _writer(org, operation, sobject, key_field)
    drafts = [draft(sobject, row) for row in rows]
    for start in range(0, len(drafts), MAX_ROWS_PER_TRANSACTION):
        write(drafts[start : start + MAX_ROWS_PER_TRANSACTION])
    _count(org, operation, sobject, living(drafts))
    return drafts


def key_of(sobject: SObject, key_field: str | None) -> Field:
    """Return the field an upsert by *key_field* matches by.

    Raises:
        ValueError: It is no External ID, idLookup or ``Id``.
    """
    key = sobject.field(key_field or "Id")
    if key is None or not key.key:
        raise ValueError("not a key")
    return key


def _writer(
    org: Org, operation: Operation, sobject: SObject, key_field: str | None
) -> Callable[[Sequence[Draft]], None]:
    if operation == "delete":
        return lambda chunk: _delete(org, sobject, chunk)
    key = key_of(sobject, key_field)
    if operation == "insert":
        return lambda chunk: _save(org, sobject, _all_new, chunk)
    if operation == "update" or key.name == "Id":
        may_create = operation == "upsert"
        return lambda chunk: _save(
            org, sobject, lambda open_: _by_id(org, sobject, open_, may_create=may_create), chunk
        )
    return lambda chunk: _save(
        org, sobject, lambda open_: match_by_key(org, sobject, key, open_), chunk
    )


def _all_new(drafts: Sequence[Draft]) -> None:
    for each in drafts:
        if each.id is not None:
            each.fail(
                "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id"
            )
        each.created = True


def _by_id(org: Org, sobject: SObject, drafts: Sequence[Draft], *, may_create: bool) -> None:
    if may_create:
        for each in drafts:
            each.created = each.id is None
    match_by_id(org, sobject, [each for each in drafts if not each.created])


def _save(
    org: Org, sobject: SObject, match: Callable[[Sequence[Draft]], None], chunk: Sequence[Draft]
) -> None:
    match(living(chunk))
    check_permitted(sobject, living(chunk))
    resolve_parents(org, living(chunk))
    check_writable(sobject, living(chunk))
    check_not_converted(org, sobject, living(chunk))
    fill_defaults(sobject, living(chunk), INTEGRATION_USER_ID)
    check_required(sobject, living(chunk))
    check_references(org, sobject, chunk)
    if sobject.name == "CampaignMember":
        check_members(org, living(chunk))
    meet_obstacles(org, sobject, living(chunk))
    check_unique(org, sobject, chunk)
    _insert(org, sobject, [each for each in living(chunk) if each.created])
    _update(org, sobject, [each for each in living(chunk) if not each.created])


def _delete(org: Org, sobject: SObject, chunk: Sequence[Draft]) -> None:
    match_by_id(org, sobject, living(chunk))
    check_deletable(sobject, living(chunk))
    seen: set[str | None] = set()
    for each in living(chunk):
        if each.id in seen:
            each.fail("ENTITY_IS_DELETED", "entity is deleted")
        seen.add(each.id)
    meet_obstacles(org, sobject, living(chunk))
    discard(org, sobject, [str(each.id) for each in living(chunk)])


def _insert(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    now = org.now()
    numbered = [each.name for each in sobject.fields.values() if each.auto_number]
    stamps = {"CreatedDate": now, "CreatedById": INTEGRATION_USER_ID} | _stamps(now)
    for each in drafts:
        each.id = org.next_id(sobject)
        each.values |= stamps | {"Id": each.id} | dict.fromkeys(numbered, f"M-{each.id[6:15]}")
    for names, group in _by_columns(drafts).items():
        columns = ", ".join(f'"{name}"' for name in names)
        sql = f'INSERT INTO "{sobject.name}" ({columns}) VALUES ({", ".join("?" * len(names))})'  # noqa: S608  -- names of the schema
        org.db.executemany(sql, [[each.values[name] for name in names] for each in group])
    if sobject.name == "Campaign":
        add_statuses(org, drafts)


def _update(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    stamps = _stamps(org.now())
    for each in drafts:
        each.values |= stamps
    for names, group in _by_columns(drafts).items():
        columns = ", ".join(f'"{name}" = ?' for name in names)
        sql = f'UPDATE "{sobject.name}" SET {columns} WHERE "Id" = ?'  # noqa: S608  -- names of the schema
        org.db.executemany(sql, [[*(each.values[n] for n in names), each.id] for each in group])


def _stamps(now: str) -> dict[str, Any]:
    return {
        "LastModifiedDate": now,
        "LastModifiedById": INTEGRATION_USER_ID,
        "SystemModstamp": now,
    }


def _by_columns(drafts: Sequence[Draft]) -> dict[tuple[str, ...], list[Draft]]:
    groups: dict[tuple[str, ...], list[Draft]] = {}
    for each in drafts:
        groups.setdefault(tuple(each.values), []).append(each)
    return groups


def _require_all(drafts: Sequence[Draft]) -> None:
    if len(living(drafts)) < len(drafts):
        raise _RolledBackError


def _roll_back(drafts: Sequence[Draft]) -> None:
    for each in living(drafts):
        each.fail(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using"
            " AllOrNone header",
        )


def _count(org: Org, operation: Operation, sobject: SObject, written: Sequence[Draft]) -> None:
    for each in written:
        verb = "created" if each.created else "updated"
        org.writes.rows[sobject.name, "deleted" if operation == "delete" else verb] += 1
