"""Records as the streams show them: from persons and segments to plain dicts. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from source_customerio_segments.changes import Profile, Segment
from source_customerio_segments.snapshot.members import UNKNOWN
from source_customerio_segments.snapshot.persons import Person

MEMBER, EXITED = "member", "exited"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_HASH_CHARACTERS = 16


@lru_cache(4096)
def instant(epoch_ms: int) -> str:
    """Write an instant as ``2026-11-22T03:00:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=epoch_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def membership(
    segment: tuple[int, str], person: Person, status: str, entered_at: int, changed_at: int
) -> dict[str, Any]:
    """Return the latest state of one person in one segment.

    Args:
        segment: Id and name.
        person: Identifiers now, or as last seen.
        status: ``member`` or ``exited``.
        entered_at: When the entry was detected, epoch milliseconds; 0 if nobody knows.
        changed_at: When this was detected, epoch milliseconds.
    """
    at = instant(changed_at)
    exited_at = at if status == EXITED else None
    return {
        "segment_id": segment[0],
        "segment_name": segment[1],
        "cio_id": person.cio_id,
        "id": person.id,
        "email": person.email,
        "status": status,
        "entered_at": None if entered_at == UNKNOWN else instant(entered_at),
        "exited_at": exited_at,
        "previous_email": person.previous_email,
        "previous_id": person.previous_id,
        "changed_at": at,
        "_ab_cdc_updated_at": at,
        "_ab_cdc_deleted_at": exited_at,
    }


def definition_hash(segment: Segment) -> str:
    """Fingerprint a segment's conditions: the same for the same logic, whatever the key order.

    ``conditions`` is what decides membership; it is missing for manual segments.
    """
    canonical = json.dumps(segment.raw.get("conditions"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_HASH_CHARACTERS]


def segment(listed: Segment, customer_count: int) -> dict[str, Any]:
    """Return a segment as listed, with its size and the fingerprint of its conditions."""
    return {
        **listed.raw,
        "customer_count": customer_count,
        "definition_hash": definition_hash(listed),
    }


def profile(
    person: Person,
    found: Profile,
    segments: Sequence[tuple[int, str]],
    attributes: Sequence[str],
    changed_at: int,
) -> dict[str, Any]:
    """Return a person who is in at least one selected segment.

    Args:
        person: Identifiers, and those before.
        found: Attributes as Customer.io holds them.
        segments: Id and name of the selected segments the person is in.
        attributes: The attributes selected; empty for all of them.
        changed_at: When this was detected, epoch milliseconds.
    """
    at = instant(changed_at)
    return {
        "cio_id": person.cio_id,
        "id": person.id,
        "email": person.email,
        "unsubscribed": found.unsubscribed,
        "attributes": selected(found.attributes, attributes),
        "segment_ids": [each[0] for each in segments],
        "segment_names": [each[1] for each in segments],
        "previous_email": person.previous_email,
        "previous_id": person.previous_id,
        "updated_at": at,
        "_ab_cdc_updated_at": at,
        "_ab_cdc_deleted_at": None,
    }


def profile_exit(person: Person, changed_at: int) -> dict[str, Any]:
    """Return a person who is in none of the selected segments any more.

    Attributes are absent, not null: nobody read them, and null would mean "clear".
    """
    at = instant(changed_at)
    return {
        "cio_id": person.cio_id,
        "id": person.id,
        "email": person.email,
        "segment_ids": [],
        "segment_names": [],
        "previous_email": person.previous_email,
        "previous_id": person.previous_id,
        "updated_at": at,
        "_ab_cdc_updated_at": at,
        "_ab_cdc_deleted_at": at,
    }


def selected(attributes: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the selected attributes, null where missing; without names, all."""
    return {name: attributes.get(name) for name in names} if names else dict(attributes)


def columns(
    record: Mapping[str, Any], attributes: Sequence[str], segment_ids: Sequence[int]
) -> dict[str, Any]:
    """Return the columns of their own that selected attributes and segments have.

    A name that is a field of the record already gets no second column.
    """
    inside = set(record["segment_ids"])
    flags = {f"in_segment_{key}": key in inside for key in segment_ids}
    values = record.get("attributes")
    if values is None:
        return flags
    return {name: values[name] for name in attributes if name not in record} | flags
