"""Refused records as JSON lines that a person can read and ``replay`` can send again.

One line per record: ``{"stream": "profiles", "kind": "record", "object": "Contact",
"key": {"CustomerIO_Id__c": "a1"}, "code": "REQUIRED_FIELD_MISSING", "message": …, "cause": …,
"hint": …, "record": {…}, "rejected_at": "2026-11-24T10:00:00.000Z"}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from destination_salesforce_intro.changes import Change, Outcome, Received, Refused, Rejection
from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    Mapping,
)
from destination_salesforce_intro.storage.parts import Parts


class RejectedFile:
    """Refused records on their way to storage.

    Args:
        parts: Where lines go.
        mappings: The configured mappings, by place.
        now: The time of a refusal, as ISO 8601 in UTC.
    """

    def __init__(self, parts: Parts, mappings: Sequence[Mapping], now: Callable[[], str]) -> None:
        self.count = 0
        self._parts = parts
        self._mappings = mappings
        self._now = now

    def add(self, outcome: Outcome | Refused) -> None:
        """Take an outcome, and keep it if it is a refusal; durable only after `secure`."""
        for line in lines(outcome, self._mappings, self._now()):
            self.count += 1
            self._parts.add(line)

    def secure(self) -> None:
        """Store what waits, durably.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        self._parts.secure()


def lines(
    outcome: Outcome | Refused, mappings: Sequence[Mapping], rejected_at: str
) -> Iterator[dict[str, Any]]:
    """Yield one line for every record that *outcome* refuses."""
    if isinstance(outcome, Refused):
        mapping = mappings[outcome.mapping]
        yield _line(outcome.received, mapping, {}, outcome.rejection, rejected_at)
    elif outcome.rejection is not None:
        mapping = mappings[outcome.change.mapping]
        key = key_of(outcome.change, mapping)
        for received in outcome.change.received:
            yield _line(received, mapping, key, outcome.rejection, rejected_at)


def _line(
    received: Received,
    mapping: Mapping,
    key: dict[str, str],
    rejection: Rejection,
    rejected_at: str,
) -> dict[str, Any]:
    return {
        "stream": received.stream,
        "kind": mapping.kind,
        "object": object_of(mapping),
        "key": key,
        "code": rejection.code,
        "message": rejection.message,
        "cause": rejection.cause,
        "hint": rejection.hint,
        "record": received.data,
        "rejected_at": rejected_at,
    }


def key_of(change: Change, mapping: Mapping) -> dict[str, str]:
    """Return what identifies *change*, by Salesforce field."""
    pairs = zip(key_fields(mapping), change.identity.keys, strict=True)
    return {field: key for field, key in pairs if key is not None}


def key_fields(mapping: Mapping) -> list[str]:
    """Name the field of each key of an identity; a child record's own key comes first."""
    if isinstance(mapping, ChildRecordMapping):
        return [mapping.key_field, *(rule.target for rule in mapping.person.identity)]
    return [rule.target for rule in mapping.identity]


def object_of(mapping: Mapping) -> str:
    """Return the object whose records *mapping* writes."""
    return "CampaignMember" if isinstance(mapping, CampaignMemberMapping) else mapping.object
