"""How many records of a stream were stored or refused since its previous STATE. Pure.

The platform checks that ``recordCount`` plus ``rejectedRecordCount`` of every STATE equals the
records that it sent for that stream since the STATE before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from destination_salesforce_intro.changes import Checkpoint, Received


class Books:
    """Records received and refused, per stream; a record refused by two mappings counts once."""

    def __init__(self) -> None:
        self._received: Counter[str] = Counter()
        self._refused: dict[str, set[int]] = defaultdict(set)

    def receive(self, received: Received) -> None:
        """Count a record that arrived."""
        self._received[received.stream] += 1

    def refuse(self, records: Iterable[Received]) -> None:
        """Note that *records* were refused for good."""
        for received in records:
            self._refused[received.stream].add(received.number)

    def acknowledge(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """Return the STATE message to send back, everything before it being settled.

        It is the message received, with ``destinationStats`` in its ``state``:
        ``{"recordCount": 98.0, "rejectedRecordCount": 2.0}``.
        """
        streams = [checkpoint.stream] if checkpoint.stream else list(self._received)
        received = sum(self._received.pop(stream, 0) for stream in streams)
        refused = sum(len(self._refused.pop(stream, ())) for stream in streams)
        state: Mapping[str, Any] = checkpoint.message["state"]
        stats = {
            **(state.get("destinationStats") or {}),
            "recordCount": float(received - refused),
            "rejectedRecordCount": float(refused),
        }
        return {**checkpoint.message, "state": {**state, "destinationStats": stats}}
