"""What the kinds for memberships share: which segment a record is about, and where people are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Identity, Received
from destination_salesforce_intro.config import IdentityRule, SegmentRef
from destination_salesforce_intro.kinds.verdicts import MISSING_KEY
from destination_salesforce_intro.mapping.fields import RefusedValueError, changed_at, is_exit
from destination_salesforce_intro.mapping.identity import Key, identify
from destination_salesforce_intro.mapping.values import is_empty, to_text
from destination_salesforce_intro.org.schema import ObjectSchema

Record = Mapping[str, Any]


class Membership(NamedTuple):
    """A record of a membership, read: who, in or out of what, and since when."""

    received: Received
    identity: Identity
    is_exit: bool
    changed_at: str | None


def is_about(record: Record, segment: SegmentRef) -> bool:
    """Whether *record* is about *segment*, named by its id or by its exact name."""
    return segment_id(record) == str(segment) or record.get("segment_name") == segment


def segment_id(record: Record) -> str:
    """Return the segment's id as text, ``""`` if the record has none."""
    value = record.get("segment_id")
    return "" if is_empty(value) else to_text(value)


def membership(received: Received, keys: Sequence[Key], scope: str) -> Membership:
    """Read a membership within *scope*.

    Raises:
        RefusedValueError: The record identifies nobody, or does not say whether they left.
    """
    known = identify(keys, received.data, scope)
    if known is None:
        raise RefusedValueError(MISSING_KEY)
    gone, when = is_exit(received.data), changed_at(received.data)
    return Membership(received, known.identity, gone, when)


def compile_keys(rules: Sequence[IdentityRule], schemas: Sequence[ObjectSchema]) -> list[Key]:
    """Tie each rule to the field it targets in its object's schema."""
    return [
        Key.compile(rule, schema.fields[rule.target.lower()])
        for rule, schema in zip(rules, schemas, strict=True)
    ]
