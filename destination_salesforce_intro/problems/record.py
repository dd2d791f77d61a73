"""Whether a ``record`` mapping and its object fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from destination_salesforce_intro.config import (
    ClearOnExit,
    DeleteOnExit,
    RecordMapping,
    Scalar,
    SetOnExit,
)
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems.rules import (
    Problem,
    access_problems,
    clock_problems,
    field_problems,
    fixed_problems,
    identity_problems,
)


def record_problems(mapping: RecordMapping, schema: ObjectSchema) -> Iterator[Problem]:
    """List what keeps *mapping* from working with *schema*."""
    yield from access_problems(schema, *_needed(mapping))
    for identity in mapping.identity:
        yield from identity_problems(identity, schema)
    for rule in mapping.fields:
        yield from field_problems(rule, mapping.operation, schema)
    yield from _exit_problems(mapping, schema)
    yield from clock_problems(mapping.changed_at_field, schema)
    yield from _unfilled(mapping, schema)


def _needed(mapping: RecordMapping) -> Iterator[str]:
    yield "read"
    if mapping.operation != "update":
        yield "create"
    if mapping.operation != "insert":
        yield "edit"
    if isinstance(mapping.on_exit, DeleteOnExit):
        yield "delete"


def _exit_problems(mapping: RecordMapping, schema: ObjectSchema) -> Iterator[Problem]:
    match mapping.on_exit:
        case ClearOnExit(fields=names):
            values: Mapping[str, Scalar | None] = dict.fromkeys(names)
        case SetOnExit(values=given):
            values = given
        case _:
            return
    for name, value in values.items():
        yield from fixed_problems(name, value, schema)


def _unfilled(mapping: RecordMapping, schema: ObjectSchema) -> Iterator[Problem]:
    """Warn of fields that a create needs and no rule fills."""
    if mapping.operation == "update":
        return
    targets = {rule.target.lower() for rule in mapping.fields}
    targets |= {rule.target.lower() for rule in mapping.identity}
    missing = [
        field.name
        for field in schema.fields.values()
        if field.is_required_on_create and field.name.lower() not in targets
    ]
    if missing:
        yield Problem(
            f"{schema.name} needs {', '.join(missing)} on create and no rule fills it, so records "
            'that are new to Salesforce will be rejected: map it, or use the operation "update".',
            is_fatal=False,
        )
