"""Short ways to write down fields as an administrator creates them, type by type."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.schema import Field, SObject

MAX_PICKLIST_CHARS = 255
MAX_MULTI_SELECT_CHARS = 4_099
MAX_LONG_TEXT_CHARS = 32_000


def text(name: str, length: int, **flags: Any) -> Field:
    """Return a text field of at most *length* characters."""
    return Field(name, "string", length=length, **flags)


def external_id(name: str, length: int, *, unique: bool = True, **flags: Any) -> Field:
    """Return a text field an upsert can match by; describe calls it an idLookup too."""
    return text(name, length, external_id=True, id_lookup=True, unique=unique, **flags)


def long_text(name: str) -> Field:
    """Return a long text area, which no SOQL condition may name."""
    return Field(name, "textarea", length=MAX_LONG_TEXT_CHARS, filterable=False)


def email(name: str = "Email") -> Field:
    """Return the standard e-mail field: an idLookup that is not unique."""
    return Field(name, "email", length=80, id_lookup=True)


def phone(name: str) -> Field:
    """Return a phone number, which Salesforce keeps as it is written."""
    return Field(name, "phone", length=40)


def checkbox(name: str, **flags: Any) -> Field:
    """Return a checkbox: never null, false unless somebody says true."""
    given = {"nillable": False, "defaulted_on_create": True, "default_value": 0, **flags}
    return Field(name, "boolean", **given)


def picklist(name: str, *values: str, length: int = MAX_PICKLIST_CHARS, **flags: Any) -> Field:
    """Return a picklist; others than *values* are welcome unless ``restricted_picklist``."""
    return Field(name, "picklist", length=length, picklist_values=values, **flags)


def multi_select(name: str, *values: str) -> Field:
    """Return a multi-select picklist that takes any value."""
    return Field(name, "multipicklist", length=MAX_MULTI_SELECT_CHARS, picklist_values=values)


def moment(name: str, **flags: Any) -> Field:
    """Return a date with time."""
    return Field(name, "datetime", **flags)


def day(name: str, **flags: Any) -> Field:
    """Return a date."""
    return Field(name, "date", **flags)


def currency(name: str) -> Field:
    """Return an amount with sixteen digits before the point and two behind."""
    return Field(name, "currency", precision=18, scale=2)


def number(name: str, precision: int = 18, scale: int = 0) -> Field:
    """Return a number of *precision* digits, *scale* of them behind the point."""
    return Field(name, "double", precision=precision, scale=scale)


def formula(name: str, type_: str, sql: str, **flags: Any) -> Field:
    """Return a read-only field computed from its row by *sql*."""
    return Field(name, type_, formula=sql, createable=False, updateable=False, **flags)


def lookup(name: str, to: str, **flags: Any) -> Field:
    """Return a reference; ``AccountId`` reaches ``Account``, ``Lead__c`` reaches ``Lead__r``."""
    parent = name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name, "reference", length=18, reference_to=(to,), relationship_name=parent, **flags
    )


def sobject(name: str, key_prefix: str, *fields: Field, **flags: Any) -> SObject:
    """Return an object with *fields* and those that Salesforce gives every object."""
    every = [Field("Id", "id", length=18, nillable=False, id_lookup=True, **_BY_SALESFORCE)]
    every += [*fields, *_system_fields()]
    return SObject(name, key_prefix, {each.name: each for each in every}, **flags)


_BY_SALESFORCE: dict[str, Any] = {
    "createable": False,
    "updateable": False,
    "defaulted_on_create": True,
}


def _system_fields() -> list[Field]:
    return [
        checkbox("IsDeleted", createable=False, updateable=False),
        moment("CreatedDate", nillable=False, **_BY_SALESFORCE),
        lookup("CreatedById", "User", nillable=False, **_BY_SALESFORCE),
        moment("LastModifiedDate", nillable=False, **_BY_SALESFORCE),
        lookup("LastModifiedById", "User", nillable=False, **_BY_SALESFORCE),
        moment("SystemModstamp", nillable=False, **_BY_SALESFORCE),
    ]


def owner() -> Field:
    """Return the owner: the running user unless the writer says otherwise."""
    return lookup("OwnerId", "User", nillable=False, defaulted_on_create=True)
