"""When a stream's state goes out: where it must, else at most twice a minute, never twice the same.

Pure but for the clock it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from source_customerio_segments.changes import State
from source_customerio_segments.snapshot.memory import Snapshot
from source_customerio_segments.state.codec import Encoder

INTERVAL_MS = 30_000

Clock = Callable[[], int]


class Checkpoints:
    """The states of one stream in one sync. *clock* gives epoch milliseconds."""

    def __init__(self, stream: str, clock: Clock, max_megabytes: float) -> None:
        self._stream = stream
        self._clock = clock
        self._encoder = Encoder(max_megabytes)
        self._last_value: dict[str, Any] | None = None
        self._last_at = clock()

    def now(self, snapshot: Snapshot) -> Iterator[State]:
        """Yield the state of *snapshot* unless it is the one that went out last."""
        value = self._encoder.encode(snapshot)
        self._last_at = self._clock()
        if value != self._last_value:
            self._last_value = value
            yield State(self._stream, value)

    def is_due(self) -> bool:
        """Whether the last state is old enough for another one that need not be."""
        return self._clock() - self._last_at >= INTERVAL_MS
