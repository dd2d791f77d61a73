"""What the kinds for memberships share: which segment a record is about, and where people are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Identity, Received, Rejection
from destination_salesforce_intro.config import IdentityRule, SegmentRef
from destination_salesforce_intro.mapping.fields import RefusedValueError, changed_at, is_exit
from destination_salesforce_intro.mapping.identity import Key, identify
from destination_salesforce_intro.mapping.values import is_empty, to_text
from destination_salesforce_intro.org.schema import ObjectSchema

Record = Mapping[str, Any]


class Membership(NamedTuple):
    """A record of a membership, read: who (None: nobody), in or out, and since when.

    With a *rejection*, it does not say whether they left.
    """

    received: Received
    identity: Identity | None
    is_exit: bool
    changed_at: str | None
    rejection: Rejection | None = None


def is_about(record: Record, segment: SegmentRef) -> bool:
    """Whether *record* is about *segment*, named by its id or by its exact name."""
    return segment_id(record) == str(segment) or record.get("segment_name") == segment


def segment_id(record: Record) -> str:
    """Return the segment's id as text, ``""`` if the record has none."""
    value = record.get("segment_id")
    return "" if is_empty(value) else to_text(value)


def memberships(records: Sequence[Received], keys: Sequence[Key]) -> list[Membership]:
    """Read every record as a membership."""
    people = identify(keys, [received.data for received in records]).identities
    return list(map(_membership, records, people))


def _membership(received: Received, identity: Identity | None) -> Membership:
    when = changed_at(received.data)
    try:
        return Membership(received, identity, is_exit(received.data), when)
    except RefusedValueError as error:
        return Membership(received, identity, False, when, error.rejection)


def compile_keys(rules: Sequence[IdentityRule], schemas: Sequence[ObjectSchema]) -> list[Key]:
    """Tie each rule to the field it targets in its object's schema."""
    return [
        Key.compile(rule, schema.fields[rule.target.lower()])
        for rule, schema in zip(rules, schemas, strict=True)
    ]
