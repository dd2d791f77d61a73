"""Puts the org's locks and triggers in the way of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.salesforce.dml.rows import Draft
from sandbox.salesforce.interference import Event, Interference, Lock, Trigger
from sandbox.salesforce.org import ONE_OF, Org
from sandbox.salesforce.schema import SObject


def meet_obstacles(org: Org, sobject: SObject, drafts: Sequence[Draft], event: Event) -> None:
    """Refuse rows that touch a locked record or child of one, or that a trigger refuses."""
    interference = org.interference
    if not (interference.locks or interference.triggers):
        return
    stored = _stored(org, sobject, drafts)
    for lock in interference.locks:
        _meet_lock(lock, _locked_ids(org, lock), drafts, stored)
    for trigger in interference.triggers:
        if trigger.on == event and trigger.object.lower() == sobject.name.lower():
            _meet_trigger(trigger, drafts, stored)
    _forget_spent(interference)


def _stored(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> dict[str, dict[str, Any]]:
    ids = [each.id for each in drafts if each.id]
    names = list(sobject.fields)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f'SELECT {columns} FROM "{sobject.name}" WHERE "Id" IN {ONE_OF}'  # noqa: S608  -- names of the schema
    return {row[0]: dict(zip(names, row, strict=True)) for row in org.rows(sql, ids)}


def _locked_ids(org: Org, lock: Lock) -> set[str]:
    if not lock.where:
        return set(lock.ids)
    sobject = org.sobject(lock.object)
    tests = " AND ".join(f'"{name}" = ?' for name in lock.where)
    sql = f'SELECT "Id" FROM "{sobject.name}" WHERE {tests}'  # noqa: S608  -- the operator's own names
    return set(lock.ids) | {record for (record,) in org.rows(sql, *lock.where.values())}


def _meet_lock(
    lock: Lock, locked: set[str], drafts: Sequence[Draft], stored: dict[str, dict[str, Any]]
) -> None:
    met = False
    for each in drafts:
        values = stored.get(each.id or "", {}) | each.values
        touched = locked & {each.id, *(v for v in values.values() if isinstance(v, str))}
        if touched and lock.times and not each.errors:
            met = True
            listed = ", ".join(sorted(str(record) for record in touched))
            message = "unable to obtain exclusive access to this record or 1 records: " + listed
            each.fail("UNABLE_TO_LOCK_ROW", message)
    lock.times -= met and lock.times > 0


def _meet_trigger(
    trigger: Trigger, drafts: Sequence[Draft], stored: dict[str, dict[str, Any]]
) -> None:
    met = False
    for each in drafts:
        values = stored.get(each.id or "", {}) | each.values
        if trigger.times and not each.errors and trigger.refuses(values.get(trigger.field)):
            met = True
            each.fail(trigger.code, trigger.message)
    trigger.times -= met and trigger.times > 0


def _forget_spent(interference: Interference) -> None:
    interference.locks = [each for each in interference.locks if each.times]
    interference.triggers = [each for each in interference.triggers if each.times]
