"""The streams as they are catalogued: names, keys, cursors and JSON schemas. Pure, no framework.

Schemas say what ``records`` makes; every type is nullable except the keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from source_customerio_segments.config import Config

JsonSchema = dict[str, Any]

SEGMENTS, PROFILES, MEMBERSHIPS = "segments", "profiles", "segment_memberships"
EVENTS, SYNCS = "events", "segment_syncs"

TEXT: JsonSchema = {"type": ["null", "string"]}
WHOLE: JsonSchema = {"type": ["null", "integer"]}
NUMBER: JsonSchema = {"type": ["null", "number"]}
TRUTH: JsonSchema = {"type": ["null", "boolean"]}
OBJECT: JsonSchema = {"type": ["null", "object"], "additionalProperties": True}
TEXTS: JsonSchema = {"type": ["null", "array"], "items": TEXT}
WHOLES: JsonSchema = {"type": ["null", "array"], "items": WHOLE}
INSTANT: JsonSchema = {
    "type": ["null", "string"],
    "format": "date-time",
    "airbyte_type": "timestamp_with_timezone",
}
KEY_TEXT: JsonSchema = {"type": "string"}
KEY_WHOLE: JsonSchema = {"type": "integer"}
KEY_INSTANT: JsonSchema = {**INSTANT, "type": "string"}

_CHANGE_CAPTURE = {"_ab_cdc_updated_at": INSTANT, "_ab_cdc_deleted_at": INSTANT}


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream; *cursor_field* is None where there is only full refresh."""

    name: str
    json_schema: JsonSchema
    primary_key: tuple[str, ...]
    cursor_field: str | None

    @property
    def sync_modes(self) -> tuple[str, ...]:
        """The Airbyte protocol's sync modes."""
        return ("full_refresh",) if self.cursor_field is None else ("full_refresh", "incremental")


def streams(config: Config, segment_ids: Sequence[int] = ()) -> list[Stream]:
    """Return the streams in the order they are read.

    Args:
        config: Attributes selected by name become columns of ``profiles``.
        segment_ids: Segments selected by name or id become columns ``in_segment_<id>``.
    """
    return [
        Stream(SEGMENTS, schema(_SEGMENT), ("id",), None),
        Stream(PROFILES, schema(_profile(config, segment_ids)), ("cio_id",), "updated_at"),
        Stream(MEMBERSHIPS, schema(_MEMBERSHIP), ("segment_id", "cio_id"), "changed_at"),
        Stream(EVENTS, schema(_EVENT), ("id",), "timestamp"),
        Stream(SYNCS, schema(_SYNC), ("segment_id", "synced_at"), "synced_at"),
    ]


def schema(properties: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the JSON schema of an object that may have more than these properties."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": True,
        "properties": dict(properties),
    }


def _profile(config: Config, segment_ids: Sequence[int]) -> dict[str, JsonSchema]:
    selected = dict.fromkeys(config.attributes, TEXT)
    flags = {f"in_segment_{key}": TRUTH for key in segment_ids}
    return {**selected, **flags, **_PROFILE}


_SEGMENT = {
    "id": KEY_WHOLE,
    "deduplicate_id": TEXT,
    "name": TEXT,
    "description": TEXT,
    "state": TEXT,
    "progress": NUMBER,
    "type": TEXT,
    "tags": TEXTS,
    "conditions": OBJECT,
    "created_at": WHOLE,
    "updated_at": WHOLE,
    "customer_count": WHOLE,
    "definition_hash": TEXT,
}
_PROFILE = {
    "cio_id": KEY_TEXT,
    "id": TEXT,
    "email": TEXT,
    "unsubscribed": TRUTH,
    "attributes": OBJECT,
    "segment_ids": WHOLES,
    "segment_names": TEXTS,
    "previous_email": TEXT,
    "previous_id": TEXT,
    "updated_at": KEY_INSTANT,
    **_CHANGE_CAPTURE,
}
_MEMBERSHIP = {
    "segment_id": KEY_WHOLE,
    "segment_name": TEXT,
    "cio_id": KEY_TEXT,
    "id": TEXT,
    "email": TEXT,
    "status": TEXT,
    "entered_at": INSTANT,
    "exited_at": INSTANT,
    "previous_email": TEXT,
    "previous_id": TEXT,
    "changed_at": KEY_INSTANT,
    **_CHANGE_CAPTURE,
}
_EVENT = {
    "id": KEY_TEXT,
    "name": TEXT,
    "timestamp": KEY_INSTANT,
    "cio_id": TEXT,
    "customer_id": TEXT,
    "email": TEXT,
    "data": OBJECT,
}
_SYNC = {
    "segment_id": KEY_WHOLE,
    "segment_name": TEXT,
    "synced_at": KEY_INSTANT,
    "state": TEXT,
    "reported_count": WHOLE,
    "members_read": WHOLE,
    "entered": WHOLE,
    "exited": WHOLE,
    "changed": WHOLE,
    "held": TRUTH,
    "held_reason": TEXT,
    "held_exits": WHOLE,
    "definition_hash": TEXT,
    "definition_changed": TRUTH,
    "duration_seconds": NUMBER,
}
