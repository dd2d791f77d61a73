"""Writes records: every REST, Collections, Composite and Bulk write ends here.

A write goes through in transactions of at most 200 rows; a row that fails leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sandbox.salesforce.dml.matching import match_by_id, match_by_key
from sandbox.salesforce.dml.obstacles import meet_obstacles
from sandbox.salesforce.dml.options import Options
from sandbox.salesforce.dml.recycle_bin import discard
from sandbox.salesforce.dml.rows import Draft, RowResult, draft, living
from sandbox.salesforce.dml.rules import check_deletable
from sandbox.salesforce.dml.saving import Match, save
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject

MAX_ROWS_PER_TRANSACTION = 200
PLAIN = Options()

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
    options: Options = PLAIN,
) -> list[RowResult]:
    """Write *rows*, and say what became of each, in their order.

    Args:
        org: Where to.
        operation: ``update`` and ``delete`` take rows with an ``Id``, ``upsert`` with a key.
        sobject: The object all rows are of.
        rows: As JSON brings them: ``{"LastName": "Osei", "Account": {"Acct_Key__c": "A9"}}``.
        key_field: The field an upsert matches by, an External ID, an idLookup or ``Id``.
        options: What the writer asked for besides.

    Raises:
        ValueError: *key_field* cannot identify a record.
    """
    return apply_runs(org, operation, [Run(sobject, rows)], key_field=key_field, options=options)


def apply_runs(
    org: Org,
    operation: Operation,
    runs: Sequence[Run],
    *,
    key_field: str | None = None,
    options: Options = PLAIN,
) -> list[RowResult]:
    """Write rows of several objects, as ``apply`` does, in one transaction."""
    org.writes.calls += 1
    drafts: list[Draft] = []
    try:
        with org.transaction():
            for run in runs:
                write = _writer(org, operation, run.sobject, key_field, options)
                drafts += _write_run(org, operation, run, write)
            if options.all_or_none:
                _require_all(drafts)
    except _RolledBackError:
        _roll_back(drafts)
    return [each.result() for each in drafts]


def _write_run(
    org: Org, operation: Operation, run: Run, write: Callable[[Sequence[Draft]], None]
) -> list[Draft]:
    drafts = [draft(run.sobject, row) for row in run.rows]
    for start in range(0, len(drafts), MAX_ROWS_PER_TRANSACTION):
        write(drafts[start : start + MAX_ROWS_PER_TRANSACTION])
    _count(org, operation, run.sobject, living(drafts))
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
    org: Org, operation: Operation, sobject: SObject, key_field: str | None, options: Options
) -> Callable[[Sequence[Draft]], None]:
    if operation == "delete":
        return lambda chunk: _delete(org, sobject, chunk)
    match = _match(org, operation, sobject, key_of(sobject, key_field))
    return lambda chunk: save(org, sobject, match, chunk, options)


def _match(org: Org, operation: Operation, sobject: SObject, key: Field) -> Match:
    if operation == "insert":
        return _all_new
    if operation == "update":
        return lambda drafts: match_by_id(org, sobject, drafts)
    if key.name == "Id":
        return lambda drafts: _known_or_new(org, sobject, drafts)
    return lambda drafts: match_by_key(org, sobject, key, drafts)


def _all_new(drafts: Sequence[Draft]) -> None:
    for each in drafts:
        if each.id is not None:
            message = "cannot specify Id in an insert call"
            each.fail("INVALID_FIELD_FOR_INSERT_UPDATE", message, "Id")
        each.created = True


def _known_or_new(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    for each in drafts:
        each.created = each.id is None
    match_by_id(org, sobject, [each for each in drafts if not each.created])


def _delete(org: Org, sobject: SObject, chunk: Sequence[Draft]) -> None:
    match_by_id(org, sobject, living(chunk))
    check_deletable(sobject, living(chunk))
    _refuse_repeats(living(chunk))
    meet_obstacles(org, sobject, living(chunk), "delete")
    discard(org, sobject, [str(each.id) for each in living(chunk)])


def _refuse_repeats(drafts: Sequence[Draft]) -> None:
    seen: set[str | None] = set()
    for each in drafts:
        if each.id in seen:
            each.fail("ENTITY_IS_DELETED", "entity is deleted")
        seen.add(each.id)


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
