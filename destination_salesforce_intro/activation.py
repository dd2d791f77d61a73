"""Airbyte data activation: what the org offers, and mappings made from what was chosen of it.

``discover`` offers, for each object, the operations that its describe allows::

    {"object_name": "Contact", "sync_mode": "append_dedup", "matching_keys": [["Email"]],
     "json_schema": {"type": "object", "properties": {…}, "required": ["LastName"]}}

The platform then configures a stream with ``destination_object_name``, a sync mode and a primary
key; field names go one to one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from destination_salesforce_intro.config import (
    Config,
    DeleteOnExit,
    FieldRule,
    IdentityRule,
    IgnoreOnExit,
    RecordMapping,
)
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.inputs import StreamMode
from destination_salesforce_intro.org.schema import UNWRITABLE_TYPES, FieldSchema, ObjectSchema

# What people usually activate, where the mappings ask for nothing else.
USUAL_OBJECTS = ("Account", "Campaign", "Contact", "Lead")
Operation = Literal["insert", "upsert", "update"]
OPERATIONS: dict[str, Operation] = {
    "append": "insert",
    "append_dedup": "upsert",
    "update": "update",
    # Not offered; a Clear of the platform comes as this, with no record. It removes nothing.
    "overwrite": "upsert",
}
SOFT_DELETE = "soft_delete"
OWN_PREFIXES = ("_ab_", "_airbyte_")  # columns of Airbyte's, not of the record's

TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "int": {"type": "integer"},
    "long": {"type": "integer"},
    "double": {"type": "number"},
    "currency": {"type": "number"},
    "percent": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "datetime": {
        "type": "string",
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    },
}


def operations(schema: ObjectSchema) -> Iterator[dict[str, Any]]:
    """Yield what may be done with an object, as the protocol's destination operations."""
    fields = [field for field in schema.fields.values() if field.type not in UNWRITABLE_TYPES]
    keys = [field.name for field in fields if field.external_id or field.id_lookup]
    writable = [name for name in keys if (f := schema.field(name)) and f.createable]
    required = [field.name for field in fields if field.is_required_on_create]
    new = [field for field in fields if field.createable]
    both = [field for field in new if field.updateable]
    if schema.createable and writable:
        yield _operation(schema, "append", new, writable, required)
    if schema.createable and schema.updateable and writable:
        yield _operation(schema, "append_dedup", both, writable, required)
    if schema.updateable and keys:
        yield _operation(schema, "update", [f for f in fields if f.updateable], keys, [])
    if schema.deletable and keys:
        yield _operation(schema, SOFT_DELETE, [], keys, [])


def _operation(
    schema: ObjectSchema,
    sync_mode: str,
    fields: Sequence[FieldSchema],
    keys: Sequence[str],
    required: Sequence[str],
) -> dict[str, Any]:
    named = {field.name: field for field in fields}
    named |= {key: field for key in keys if (field := schema.field(key))}
    return {
        "object_name": schema.name,
        "sync_mode": sync_mode,
        "matching_keys": [[key] for key in keys],
        "json_schema": {
            "type": "object",
            "properties": {name: _type(field) for name, field in named.items()},
            "required": [name for name in required if name in named],
            "additionalProperties": False,
        },
    }


def _type(field: FieldSchema) -> dict[str, Any]:
    known = TYPES.get(field.type, {"type": "string"})
    return {**known, "type": ["null", known["type"]] if field.nillable else known["type"]}


def activated(config: Config, streams: Sequence[StreamMode]) -> Config:
    """Return *config* with a mapping for each stream that names an object and has none.

    Raises:
        ConnectorError: CONFIG; a stream has no single matching key, or an unknown sync mode.
    """
    mapped = {mapping.stream for mapping in config.mappings}
    made = [_mapping(s) for s in streams if s.object_name and s.name not in mapped]
    return config.model_copy(update={"mappings": (*config.mappings, *made)}) if made else config


def _mapping(stream: StreamMode) -> RecordMapping:
    is_one_column = len(stream.keys) == 1 and "." not in stream.keys[0]
    if not is_one_column or stream.sync_mode not in {*OPERATIONS, SOFT_DELETE}:
        raise ConnectorError(
            f'The stream "{stream.name}" is to be activated as {stream.object_name}, which needs a '
            "matching key of one field and one of the sync modes that discover lists. Choose them "
            "in the connection.",
            Fault.CONFIG,
        )
    (key,) = stream.keys
    removes = stream.sync_mode == SOFT_DELETE
    return RecordMapping(
        stream=stream.name,
        kind="record",
        object=stream.object_name,
        operation=OPERATIONS.get(stream.sync_mode, "update"),
        identity=(IdentityRule(source=key, target=key),),
        fields=() if removes else tuple(_rules(stream, key)),
        on_exit=DeleteOnExit(action="delete") if removes else IgnoreOnExit(action="ignore"),
    )


def _rules(stream: StreamMode, key: str) -> Iterator[FieldRule]:
    for name in stream.properties:
        if name != key and not name.startswith(OWN_PREFIXES):
            yield FieldRule(source=name, target=name)
