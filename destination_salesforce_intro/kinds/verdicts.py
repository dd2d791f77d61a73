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
from destination_salesforce_intro.org.compare import holds, whole_second
from destination_salesforce_intro.org.decide import Unmatched
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema

TEXT = FieldSchema(name="", type="string")

MISSING_KEY = Rejection(
    code="MISSING_KEY",
    message="The record has no value for any identity rule.",
    cause="None of the columns that identify the record has a usable value.",
    hint="Give the record one of them, or add an identity rule for a column that it has.",
)
CONVERTED_LEAD = Rejection(
    code="CANNOT_UPDATE_CONVERTED_LEAD",
    message="The only Lead with this key has been converted.",
    cause="The person has become a Contact, and a converted Lead stays as it was.",
    hint="Map the stream to Contact, which has the person now.",
)
MERGED = Rejection(
    code="MERGED_RECORD",
    message="The record with this key was merged into a record that has another key.",
    cause="Somebody merged two people in Salesforce who are still two in the source.",
    hint="Merge them in the source as well, or undo the merge in Salesforce.",
)
NO_MATCH = Rejection(
    code="NO_MATCH",
    message="No Salesforce record has the key of this person.",
    cause="The person is not in Salesforce, and this kind of mapping creates no people.",
    hint="Map the people too (kind record, written first), or set on_no_match to ignore.",
)


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


def no_match(change: Change, policy: str) -> Unmatched:
    """Leave *change* for when its person is there; else it ends as the policy says."""
    if policy == "ignore":
        return Unmatched(Outcome(change, Result.IGNORED))
    return Unmatched(refuse(change, NO_MATCH))


def not_converted(found: Sequence[Found]) -> list[Found]:
    """Leave out converted Leads."""
    return [one for one in found if not one.fields.get("IsConverted")]


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


def not_newer(found: Sequence[Found], change: Change, clock: str | None) -> list[Found]:
    """Leave out the records whose field *clock* says that they hold a newer change already."""
    wanted = whole_second(change.changed_at)
    if clock is None or wanted is None:
        return list(found)
    stored = [(one, whole_second(one.fields.get(clock))) for one in found]
    return [one for one, then in stored if then is None or then <= wanted]
