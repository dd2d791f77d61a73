"""Which records the rows of a write are about: by Id, by a key, by a parent's key.

A chunk of rows is matched with one SELECT per question, however many rows it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.salesforce.dml.rows import Draft, ParentKey
from sandbox.salesforce.dml.values import BadValue, to_column
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.org import ONE_OF, Org
from sandbox.salesforce.schema import Field, SObject


def folded(field: Field, value: Any) -> Any:
    """Return *value* so that what a key or unique *field* takes for equal is equal."""
    if not isinstance(value, str) or field.case_counts_in_keys:
        return value
    if value.isascii():
        return value.lower()
    return "".join(char.lower() if char.isascii() else char for char in value)


def live_ids(
    org: Org, sobject: SObject, field: Field, values: Iterable[Any]
) -> dict[Any, list[str]]:
    """Return, by folded value of *field*, the Ids of the records that hold it, oldest first."""
    wanted = sorted(set(values))
    found: dict[Any, list[str]] = {}
    for value, record in org.rows(
        f'SELECT "{field.name}", "Id" FROM "{sobject.name}"'  # noqa: S608  -- names of the schema
        f' WHERE "{field.name}" IN {ONE_OF} AND "IsDeleted" = 0 ORDER BY "Id"',
        wanted,
    ):
        found.setdefault(folded(field, value), []).append(record)
    return found


def deleted_flags(org: Org, sobject: SObject, ids: Iterable[str]) -> dict[str, bool]:
    """Return, by Id, whether a record is in the recycle bin; unknown Ids are absent."""
    wanted = sorted(set(ids))
    sql = f'SELECT "Id", "IsDeleted" FROM "{sobject.name}" WHERE "Id" IN {ONE_OF}'  # noqa: S608  -- names of the schema
    return {record: bool(deleted) for record, deleted in org.rows(sql, wanted)}


def match_by_id(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Settle rows that name their record by Id; unknown, deleted and malformed ones fail."""
    for each in drafts:
        _read_id(each)
    flags = deleted_flags(org, sobject, (str(d.id) for d in drafts if not d.errors))
    for each in drafts:
        if each.errors:
            continue
        deleted = flags.get(str(each.id))
        if deleted is None:
            each.fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        elif deleted:
            each.fail("ENTITY_IS_DELETED", "entity is deleted")


def _read_id(it: Draft) -> None:
    if it.id is None:
        it.fail("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
        return
    try:
        it.id = full_id(str(it.id))
    except ValueError:
        it.fail("MALFORMED_ID", f"malformed id {it.id}", "Id")


def match_by_key(org: Org, sobject: SObject, key: Field, drafts: Sequence[Draft]) -> None:
    """Settle the rows of an upsert: one match is updated, none is created, several fail."""
    open_ = [each for each in drafts if not each.errors]
    keys = {id(each): folded(key, each.values.get(key.name)) for each in open_}
    times = Counter(keys.values())
    found = live_ids(org, sobject, key, (k for k in times if k is not None))
    for each in open_:
        value = keys[id(each)]
        if each.id is not None:
            each.fail("INVALID_ID_FIELD", f"Id may not be given beside {key.name}", "Id")
        elif value is None:
            each.fail("MISSING_ARGUMENT", f"{key.name} not specified", key.name)
        elif times[value] > 1:
            given = each.values[key.name]
            message = f"Duplicate external id specified: {given}"
            each.fail("DUPLICATE_VALUE", message, key.name)
        else:
            _settle(each, key, found.get(value, []))


def _settle(it: Draft, key: Field, ids: Sequence[str]) -> None:
    if len(ids) > 1:
        listed = ", ".join(ids)
        message = f"{key.label}: more than one record found for external id field: [{listed}]"
        it.fail("DUPLICATE_EXTERNAL_ID", message, key.name)
    elif ids:
        it.id = ids[0]
    else:
        it.created = True


def resolve_parents(org: Org, drafts: Sequence[Draft]) -> None:
    """Turn parents named by a key of their own into Ids."""
    asked: dict[tuple[str, str, str], list[tuple[Draft, ParentKey]]] = {}
    for each in drafts:
        for parent in each.parents:
            target = parent.type or parent.field.reference_to[0]
            group = (parent.field.name, target, parent.key_name.lower())
            asked.setdefault(group, []).append((each, parent))
    for (_, target, key_name), pairs in asked.items():
        _resolve_group(org, org.objects.get(target.lower()), key_name, pairs)


def _resolve_group(
    org: Org, target: SObject | None, key_name: str, pairs: Sequence[tuple[Draft, ParentKey]]
) -> None:
    key = target.field(key_name) if target else None
    if target is None or key is None or not key.key:
        for it, parent in pairs:
            message = f"{parent.key_name} is not an external id of {parent.field.relationship_name}"
            it.fail("INVALID_FIELD", message, parent.field.name)
        return
    values = [_parent_value(it, key, parent) for it, parent in pairs]
    found = live_ids(org, target, key, (v for v in values if v is not None))
    for (it, parent), value in zip(pairs, values, strict=True):
        if value is not None:
            _take_parent(it, parent, key, target, found.get(folded(key, value), []))


def _parent_value(it: Draft, key: Field, parent: ParentKey) -> Any:
    try:
        return to_column(key, parent.value)
    except BadValue as bad:
        it.fail(bad.code, bad.message, parent.field.name)
        return None


def _take_parent(
    it: Draft, parent: ParentKey, key: Field, target: SObject, ids: Sequence[str]
) -> None:
    name = parent.field.name
    if name in it.values:
        it.fail(
            "INVALID_FIELD",
            f"Cannot specify both an external ID reference {parent.field.relationship_name} and a"
            f" salesforce id, {name}",
            name,
        )
    elif len(ids) > 1:
        message = f"more than one record found for external id field: [{', '.join(ids)}]"
        it.fail("DUPLICATE_EXTERNAL_ID", f"{key.label}: {message}", name)
    elif not ids:
        message = f"external ID: {parent.value} not found for field {key.name}"
        it.fail("INVALID_FIELD", f"Foreign key {message} in entity {target.name}", name)
    else:
        it.values[name] = ids[0]
