"""What can be wrong with one rule: its target, its type, the user's access to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from destination_salesforce_intro.config import FieldRule, IdentityRule, Scalar
from destination_salesforce_intro.mapping.fields import compile_rule, fixed, resolve
from destination_salesforce_intro.mapping.values import UnfitError
from destination_salesforce_intro.org.schema import (
    TEXT_TYPES,
    UNWRITABLE_TYPES,
    FieldSchema,
    ObjectSchema,
)

# What a format writes, where that is not text: the field types that can hold it.
_FORMAT_FITS = {
    "date": TEXT_TYPES | {"date", "datetime"},
    "datetime": TEXT_TYPES | {"date", "datetime"},
    "epoch_seconds": TEXT_TYPES | {"date", "datetime", "int", "long", "double"},
    "multi_select": TEXT_TYPES,
}


class Problem(NamedTuple):
    """Something to fix, in a sentence. A fatal one stops the sync before its first write."""

    text: str
    is_fatal: bool = True


def access_problems(schema: ObjectSchema, *needed: str) -> Iterator[Problem]:
    """Tell which of the *needed* accesses (read, create, edit, delete) the user lacks."""
    allowed = {
        "read": schema.queryable,
        "create": schema.createable,
        "edit": schema.updateable,
        "delete": schema.deletable,
    }
    for access in needed:
        if not allowed[access]:
            yield Problem(
                f"The Salesforce user may not {access} {schema.name} records: grant the "
                "permission, or change the mapping's operation or on_exit."
            )


def identity_problems(rule: IdentityRule, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether the target of *rule* exists and can tell records apart."""
    field = schema.field(rule.target)
    if field is None:
        yield unknown(rule.target, schema)
    elif not field.filterable or field.type in UNWRITABLE_TYPES | {"boolean"}:
        yield Problem(
            f"{schema.name}.{field.name} cannot identify a record: Salesforce cannot search by it. "
            "Use an External ID, an e-mail or another filterable field."
        )
    elif not field.unique and field.type != "id":
        yield Problem(
            f"{schema.name}.{field.name} is not unique, so several records may share a key: "
            "on_multiple_matches decides then. A unique External ID is safer.",
            is_fatal=False,
        )


def field_problems(rule: FieldRule, operation: str, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether the target of *rule* exists, may be written, and can take what is written."""
    try:
        field, _, link = resolve(rule.target, schema)
        compile_rule(rule, schema)
    except KeyError:
        yield unknown(rule.target, schema)
        return
    except UnfitError as error:
        yield Problem(
            f'A fixed value in the rule for "{rule.target}" {error}, as {schema.name}.{rule.target}'
            " needs it: correct the constant, the tier or the entry of values."
        )
        return
    written = schema.fields[link.lower()]
    yield from writing_problems(written, operation, schema)
    yield from _link_problems(rule.target, written, schema)
    yield from _type_problems(rule, field, schema)


def writing_problems(field: FieldSchema, operation: str, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether *field* may be written by *operation*."""
    needs_create, needs_update = operation != "update", operation != "insert"
    if (needs_create and not field.createable) or (needs_update and not field.updateable):
        yield Problem(
            f"{schema.name}.{field.name} is read-only for the Salesforce user: grant edit access "
            "to the field, or take it out of the mapping."
        )


def _link_problems(target: str, field: FieldSchema, schema: ObjectSchema) -> Iterator[Problem]:
    if "." in target and len(field.reference_to) > 1:
        yield Problem(
            f"{schema.name}.{field.name} may point to several objects, so {target} is ambiguous: "
            "map the record Id instead."
        )


def _type_problems(rule: FieldRule, field: FieldSchema, schema: ObjectSchema) -> Iterator[Problem]:
    if field.type in UNWRITABLE_TYPES:
        yield Problem(
            f"{schema.name}.{field.name} is of type {field.type}, which no single value fits: "
            "map its parts instead."
        )
    elif rule.format and field.type not in _FORMAT_FITS.get(rule.format, TEXT_TYPES):
        yield Problem(
            f'The format "{rule.format}" does not fit {schema.name}.{field.name} of type '
            f"{field.type}: remove the format, and the value is converted to that type."
        )


def fixed_problems(name: str, value: Scalar | None, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether the field *name* exists, may be edited, and takes the fixed *value*."""
    field = schema.field(name)
    if field is None:
        yield unknown(name, schema)
        return
    yield from writing_problems(field, "update", schema)
    try:
        fixed({name: value}, schema)
    except UnfitError as error:
        yield Problem(f"The fixed value for {schema.name}.{field.name} {error}.")


def typed_problems(name: str, type_: str, what: str, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether the field *name* is of the type that its kind of mapping needs."""
    field = schema.field(name)
    if field is not None and field.type != type_:
        yield Problem(f"{schema.name}.{field.name} is of type {field.type}, and must be {what}.")


def clock_problems(name: str | None, schema: ObjectSchema) -> Iterator[Problem]:
    """Tell whether the field *name* can keep the time of a change."""
    if name is None:
        return
    field = schema.field(name)
    if field is None:
        yield unknown(name, schema)
    elif field.type != "datetime":
        yield Problem(f"{schema.name}.{field.name} cannot be changed_at_field: it is no datetime.")
    else:
        yield from writing_problems(field, "upsert", schema)


def unknown(name: str, schema: ObjectSchema) -> Problem:
    """Say that *schema* has no field *name*, and which one may be meant."""
    near = schema.nearest(name)
    hint = f"did you mean {near}?" if near else "check its API name and the user's access to it."
    return Problem(f"{schema.name} has no field {name} that the Salesforce user can see; {hint}")
