"""Inserts and updates: rows are matched with records, checked, and what is left is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.salesforce.dml.automation import assign_owners, detect_duplicates
from sandbox.salesforce.dml.campaigns import add_statuses, check_members
from sandbox.salesforce.dml.matching import resolve_parents
from sandbox.salesforce.dml.obstacles import meet_obstacles
from sandbox.salesforce.dml.options import Options
from sandbox.salesforce.dml.rows import Draft, living
from sandbox.salesforce.dml.rules import (
    check_not_converted,
    check_permitted,
    check_references,
    check_required,
    check_unique,
    check_writable,
    fill_defaults,
)
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org, to_the_second
from sandbox.salesforce.schema import SObject

# Sets the Id of rows whose record is known and marks the others as new, or refuses them.
Match = Callable[[Sequence[Draft]], None]


def save(
    org: Org, sobject: SObject, match: Match, chunk: Sequence[Draft], options: Options
) -> None:
    """Write the rows of one transaction, but for those that are refused."""
    match(living(chunk))
    check_permitted(sobject, living(chunk))
    resolve_parents(org, living(chunk))
    check_writable(sobject, living(chunk))
    check_not_converted(org, sobject, living(chunk))
    fill_defaults(sobject, living(chunk), INTEGRATION_USER_ID)
    check_required(sobject, living(chunk))
    check_references(org, sobject, chunk)
    if options.auto_assign:
        assign_owners(org, sobject, living(chunk))
    if sobject.name == "CampaignMember":
        check_members(org, living(chunk))
    meet_obstacles(org, sobject, living(chunk), "save")
    detect_duplicates(org, sobject, living(chunk), save_anyway=options.save_duplicates)
    check_unique(org, sobject, chunk)
    _insert(org, sobject, [each for each in living(chunk) if each.created])
    _update(org, sobject, [each for each in living(chunk) if not each.created])


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
        "LastModifiedDate": to_the_second(now),
        "LastModifiedById": INTEGRATION_USER_ID,
        "SystemModstamp": now,
    }


def _by_columns(drafts: Sequence[Draft]) -> dict[tuple[str, ...], list[Draft]]:
    groups: dict[tuple[str, ...], list[Draft]] = {}
    for each in drafts:
        groups.setdefault(tuple(each.values), []).append(each)
    return groups
