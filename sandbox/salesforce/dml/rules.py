"""What an object demands of its rows: required, unique, writable, existing parents, obstacles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.salesforce.dml.matching import deleted_flags, folded, live_ids
from sandbox.salesforce.dml.rows import Draft, living
from sandbox.salesforce.org import ONE_OF, Org
from sandbox.salesforce.schema import Field, SObject

_FLS_HINT = (
    "Please check the security settings of this field and verify that it is read/write for your"
    " profile or permission set."
)


def check_permitted(sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse rows that would create or change records of an object that allows neither."""
    for each in drafts:
        if not (sobject.createable if each.created else sobject.updateable):
            verb = "inserted" if each.created else "updated"
            _refuse_type(sobject, each, verb)


def check_deletable(sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse to delete records of an object that does not allow it."""
    for each in drafts:
        if not sobject.deletable:
            _refuse_type(sobject, each, "deleted")


def _refuse_type(sobject: SObject, it: Draft, verb: str) -> None:
    it.fail("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be {verb}: {sobject.name}")


def check_writable(sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse rows that name a field they may not write: formulas, create-only ones."""
    fixed = {name for name, each in sobject.fields.items() if not each.createable}
    create_only = {name for name, each in sobject.fields.items() if not each.updateable}
    for each in drafts:
        wrong = sorted(each.values.keys() & (fixed if each.created else create_only))
        if wrong:
            message = f"Unable to create/update fields: {', '.join(wrong)}. {_FLS_HINT}"
            each.fail("INVALID_FIELD_FOR_INSERT_UPDATE", message, *wrong)


def fill_defaults(sobject: SObject, drafts: Sequence[Draft], running_user: str) -> None:
    """Give new rows what Salesforce gives where the writer said nothing."""
    defaults = {
        name: each.default_value
        for name, each in sobject.fields.items()
        if each.default_value is not None and each.type != "boolean"
    }
    if "OwnerId" in sobject.fields:
        defaults["OwnerId"] = running_user
    for each in drafts:
        if each.created:
            each.values = defaults | each.values


def check_required(sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse new rows that lack a required field, and any row that takes one away."""
    required = [each.name for each in sobject.fields.values() if each.required]
    never_null = {n for n, each in sobject.fields.items() if not each.nillable}
    for each in drafts:
        lacking = [n for n in required if each.created and each.values.get(n) is None]
        lacking += [
            n for n, v in each.values.items() if v is None and n in never_null and n not in lacking
        ]
        if lacking:
            names = ", ".join(lacking)
            message = f"Required fields are missing: [{names}]"
            each.fail("REQUIRED_FIELD_MISSING", message, *lacking)


def check_unique(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse rows whose unique value another live record, or an earlier row, has."""
    for field in sobject.fields.values():
        if field.unique:
            _check_unique_field(org, sobject, field, drafts)


def _check_unique_field(org: Org, sobject: SObject, field: Field, drafts: Sequence[Draft]) -> None:
    bringing = [each for each in living(drafts) if each.values.get(field.name) is not None]
    if not bringing:
        return
    holders = live_ids(org, sobject, field, (each.values[field.name] for each in bringing))
    taken: dict[Any, Draft] = {}
    for each in bringing:
        value = folded(field, each.values[field.name])
        others = [record for record in holders.get(value, ()) if record != each.id]
        if others or taken.setdefault(value, each) is not each:
            where = others[0] if others else "of this request"
            message = f"duplicate value found: {field.name} duplicates value on record with id: "
            each.fail("DUPLICATE_VALUE", message + where, field.name)


def check_references(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse rows that refer to a record that is of another type, unknown, or deleted."""
    for field in sobject.fields.values():
        if field.type == "reference":
            naming = [each for each in living(drafts) if each.values.get(field.name)]
            _check_reference(org, field, naming)


def _check_reference(org: Org, field: Field, naming: Sequence[Draft]) -> None:
    if not naming:
        return
    known: dict[str, bool] = {}
    for name in field.reference_to:
        known |= deleted_flags(org, org.sobject(name), (each.values[field.name] for each in naming))
    for each in naming:
        deleted = known.get(each.values[field.name])
        if deleted is None:
            message = "invalid cross reference id"
            each.fail("INVALID_CROSS_REFERENCE_KEY", message, field.name)
        elif deleted:
            each.fail("ENTITY_IS_DELETED", "entity is deleted", field.name)


def check_not_converted(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Refuse updates of leads that have become contacts."""
    if sobject.name != "Lead":
        return
    ids = [str(each.id) for each in drafts if each.id]
    sql = f'SELECT "Id" FROM "Lead" WHERE "IsConverted" AND "Id" IN {ONE_OF}'  # noqa: S608  -- our own names
    converted = {record for (record,) in org.rows(sql, ids)}
    for each in drafts:
        if each.id in converted:
            each.fail("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
