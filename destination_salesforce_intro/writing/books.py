"""How many records of a stream were stored or refused since its previous STATE. Pure.

The platform checks that ``recordCount`` plus ``rejectedRecordCount`` of every STATE equals the
records that it sent for that stream since the STATE before. A STATE may have to wait while other
records come in, so its counts are sealed when it arrives and filled in when it goes back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Checkpoint, Received, Records


class Sealed(NamedTuple):
    """A STATE that has arrived: the records it covers, by stream, and the last one before it."""

    checkpoint: Checkpoint
    received: Mapping[str, int]
    last: int


class Books:
    """Records received and refused, per stream; a record refused by two mappings counts once."""

    def __init__(self) -> None:
        self._received: Counter[str] = Counter()
        self._refused: dict[str, set[int]] = defaultdict(set)
        self._last = 0

    def receive(self, records: Records) -> None:
        """Count records that arrived."""
        self._received[records.stream] += len(records.received)
        self._last = max(self._last, records.received[-1].number)

    def refuse(self, records: Iterable[Received]) -> None:
        """Note that *records* were refused for good."""
        for received in records:
            self._refused[received.stream].add(received.number)

    def seal(self, checkpoint: Checkpoint) -> Sealed:
        """Take *checkpoint* in: it covers what its stream (or every stream) brought since."""
        streams = [checkpoint.stream] if checkpoint.stream else list(self._received)
        counts = {stream: self._received.pop(stream, 0) for stream in streams}
        return Sealed(checkpoint, counts, self._last)

    def acknowledge(self, sealed: Sealed) -> dict[str, Any]:
        """Return the STATE message to send back, everything it covers being settled.

        It is the message received, with ``destinationStats`` in its ``state``:
        ``{"recordCount": 98.0, "rejectedRecordCount": 2.0}``.
        """
        message = sealed.checkpoint.message
        refused = sum(self._take(stream, sealed.last) for stream in sealed.received)
        stored = sum(sealed.received.values()) - refused
        state: Mapping[str, Any] = message["state"]
        stats = {
            **(state.get("destinationStats") or {}),
            "recordCount": float(stored),
            "rejectedRecordCount": float(refused),
        }
        return {**message, "state": {**state, "destinationStats": stats}}

    def _take(self, stream: str, last: int) -> int:
        """Count the refused records of *stream* up to the one numbered *last*, and forget them."""
        covered = {number for number in self._refused[stream] if number <= last}
        self._refused[stream] -= covered
        return len(covered)
