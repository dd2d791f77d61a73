"""Verdicts that all kinds reach in the same way: many matches, differing fields, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from destination_salesforce_intro.changes import (
    Change,
    Found,
    Outcome,
    Rejection,
    Result,
    Update,
    Value,
)
from destination_salesforce_intro.compare import holds
from destination_salesforce_intro.schema import FieldSchema, ObjectSchema

TEXT = FieldSchema(name="", type="string")


def choose(found: Sequence[Found], policy: str) -> Sequence[Found]:
    """Return the records that the policy picks; none, if it rejects several.

    *found* is sorted by creation, oldest first.
    """
    if len(found) <= 1 or policy == "all":
        return found
    picked = {"oldest": found[:1], "newest": found[-1:]}
    return picked.get(policy, ())


def several(change: Change, found: Sequence[Found], object_name: str) -> Outcome:
    """Refuse *change* because the mapping wants one record and there are more."""
    return refuse(
        change,
        Rejection(
            code="MULTIPLE_MATCHES",
            message=f"{len(found)} {object_name} records: {', '.join(one.id for one in found)}",
            cause=f"{len(found)} {object_name} records share the key of this record.",
            hint='Merge them in Salesforce, or set "on_multiple_matches" to oldest, newest or all.',
        ),
    )


def refuse(change: Change, rejection: Rejection) -> Outcome:
    """Return the outcome of a change that is refused for good."""
    return Outcome(change, Result.REJECTED, rejection)


def differing(found: Found, fields: Mapping[str, Value], schema: ObjectSchema) -> dict[str, Value]:
    """Return the fields that Salesforce does not hold yet and that may be updated."""
    return {
        name: value
        for name, value in fields.items()
        if is_updateable(name, schema)
        and not holds(found.fields.get(name), value, schema.field(name) or TEXT)
    }


def is_updateable(name: str, schema: ObjectSchema) -> bool:
    """Whether *name* can be written to a record that exists; a parent's key is text of its own."""
    field = schema.field(name)
    return field is None or field.updateable


def updates(
    change: Change, found: Sequence[Found], fields: Mapping[str, Value], schema: ObjectSchema
) -> list[Update]:
    """Return one row for each record of *found* that does not hold all *fields* yet."""
    differences = [(one.id, differing(one, fields, schema)) for one in found]
    return [Update(change, schema.name, id_, fields) for id_, fields in differences if fields]
