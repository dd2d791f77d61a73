"""Whether the kinds for memberships fit their objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    DeleteOnExit,
    FieldRule,
    FlagMapping,
    MultiSelectMapping,
    SetOnExit,
)
from destination_salesforce_intro.org.schema import LAST_MODIFIED, ObjectSchema
from destination_salesforce_intro.problems.rules import (
    Problem,
    access_problems,
    clock_problems,
    field_problems,
    fixed_problems,
    identity_problems,
    typed_problems,
    unknown,
    writing_problems,
)

MEMBER = "CampaignMember"


def flag_problems(mapping: FlagMapping, schema: ObjectSchema) -> Iterator[Problem]:
    """List what keeps a ``flag`` mapping from working with the person's object."""
    yield from access_problems(schema, "read", "edit")
    for rule in mapping.identity:
        yield from identity_problems(rule, schema)
    for segment in mapping.segments:
        yield from typed_problems(segment.field, "boolean", "a checkbox", schema)
        yield from fixed_problems(segment.field, True, schema)


def multi_select_problems(mapping: MultiSelectMapping, schema: ObjectSchema) -> Iterator[Problem]:
    """List what keeps a ``multi_select`` mapping from working with the person's object."""
    yield from access_problems(schema, "read", "edit")
    for rule in mapping.identity:
        yield from identity_problems(rule, schema)
    if schema.field(LAST_MODIFIED) is None:
        yield unknown(LAST_MODIFIED, schema)
    yield from typed_problems(mapping.field, "multipicklist", "a multi-select picklist", schema)
    for segment in mapping.segments:
        yield from fixed_problems(mapping.field, segment.value, schema)


def campaign_problems(
    mapping: CampaignMemberMapping, schemas: Mapping[str, ObjectSchema]
) -> Iterator[Problem]:
    """List what keeps a ``campaign_member`` mapping from working with the org."""
    member = schemas[MEMBER]
    removes = isinstance(mapping.on_exit, DeleteOnExit)
    edits = isinstance(mapping.on_exit, SetOnExit) or mapping.status
    accesses = ["read", "create", *(["delete"] if removes else []), *(["edit"] if edits else [])]
    yield from access_problems(member, *accesses)
    for rule in mapping.identity:
        yield from access_problems(schemas[rule.object], "read")
        yield from identity_problems(rule, schemas[rule.object])
    if isinstance(mapping.on_exit, SetOnExit):
        for name, value in mapping.on_exit.values.items():
            yield from fixed_problems(name, value, member)


def child_problems(
    mapping: ChildRecordMapping, schemas: Mapping[str, ObjectSchema]
) -> Iterator[Problem]:
    """List what keeps a ``child_record`` mapping from working with the org."""
    schema = schemas[mapping.object]
    removes = isinstance(mapping.on_exit, DeleteOnExit)
    yield from access_problems(schema, "read", "create", "edit", *(["delete"] if removes else []))
    yield from _key_problems(mapping.key_field, schema)
    yield from _person_problems(mapping, schema, schemas)
    if mapping.active_field:
        yield from typed_problems(mapping.active_field, "boolean", "a checkbox", schema)
    for name in _written(mapping):
        yield from field_problems(FieldRule(source=name, target=name), "upsert", schema)
    yield from clock_problems(mapping.changed_at_field, schema)


def _written(mapping: ChildRecordMapping) -> Iterator[str]:
    fields = (
        mapping.segment_id_field,
        mapping.segment_name_field,
        mapping.active_field,
        mapping.entered_at_field,
        mapping.exited_at_field,
    )
    return (name for name in (mapping.key_field, *fields) if name)


def _key_problems(name: str, schema: ObjectSchema) -> Iterator[Problem]:
    field = schema.field(name)
    if field is not None and not field.external_id:
        yield Problem(
            f"{schema.name}.{field.name} is not an External ID, so the row of a membership could "
            "not be told from others: make it an External ID (text, unique), or name one."
        )


def _person_problems(
    mapping: ChildRecordMapping, schema: ObjectSchema, schemas: Mapping[str, ObjectSchema]
) -> Iterator[Problem]:
    link = schema.field(mapping.person.field)
    if link is None:
        yield unknown(mapping.person.field, schema)
        return
    # A master-detail field is written once, with the row.
    yield from writing_problems(link, "insert", schema)
    if not link.reference_to:
        yield Problem(
            f"{schema.name}.{link.name} is no lookup, so it cannot point to the person: name the "
            "lookup field to Contact, Lead or your own person object."
        )
        return
    person = schemas[link.reference_to[0]]
    yield from access_problems(person, "read")
    for rule in mapping.person.identity:
        yield from identity_problems(rule, person)
