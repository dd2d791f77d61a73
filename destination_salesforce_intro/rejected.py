"""Refused records as JSON lines that a person can read and ``replay`` can send again.

One line per record: ``{"stream": "profiles", "kind": "record", "object": "Contact",
"key": {"CustomerIO_Id__c": "a1"}, "code": "REQUIRED_FIELD_MISSING", "message": …, "cause": …,
"hint": …, "record": {…}, "rejected_at": "2026-11-24T10:00:00.000Z"}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from destination_salesforce_intro.changes import Change, Outcome, Received, Refused, Rejection
from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    IdentityRule,
    Mapping,
)
from destination_salesforce_intro.storage import Folder

MAX_LINES = 5_000  # of one part; bounds what waits in memory


class RejectedFile:
    """Refused records on their way to storage, in parts named ``rejected-<run>-00001.jsonl``.

    Args:
        folder: Where parts go; None counts refusals only.
        run: What tells this run's parts from those of others.
        mappings: The configured mappings, by place.
        now: The time of a refusal, as ISO 8601 in UTC.
    """

    def __init__(
        self,
        folder: Folder | None,
        run: str,
        mappings: Sequence[Mapping],
        now: Callable[[], str],
    ) -> None:
        self.count = 0
        self._folder = folder
        self._run = run
        self._mappings = mappings
        self._now = now
        self._parts = 0
        self._waiting: list[bytes] = []

    def add(self, outcome: Outcome | Refused) -> None:
        """Take a refusal; durable only after `secure`."""
        for line in lines(outcome, self._mappings, self._now()):
            self.count += 1
            if self._folder is not None:
                self._waiting.append(orjson.dumps(line, default=str))
        if len(self._waiting) >= MAX_LINES:
            self.secure()

    def secure(self) -> None:
        """Store what waits, durably.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        if self._folder is None or not self._waiting:
            return
        self._parts += 1
        content = b"\n".join([*self._waiting, b""])
        self._folder.write(f"rejected-{self._run}-{self._parts:05d}.jsonl", content)
        self._waiting = []


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
    rules = identity_of(mapping)
    pairs = zip(rules, change.identity.keys, strict=True)
    return {rule.target: key for rule, key in pairs if key is not None}


def identity_of(mapping: Mapping) -> Sequence[IdentityRule]:
    """Return the rules that tell who a record of *mapping* is about."""
    if isinstance(mapping, ChildRecordMapping):
        return mapping.person.identity
    return mapping.identity


def object_of(mapping: Mapping) -> str:
    """Return the object whose records *mapping* writes."""
    return "CampaignMember" if isinstance(mapping, CampaignMemberMapping) else mapping.object
