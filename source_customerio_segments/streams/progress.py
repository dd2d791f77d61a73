"""How far a long read is, said now and then. Pure but for the clock it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

from source_customerio_segments.changes import Log

INTERVAL_MS = 30_000


class Progress:
    """Counts what has been done of a known total.

    Args:
        what: What is counted, for the message: "profiles".
        total: How many there are to do.
        clock: Epoch milliseconds.
    """

    def __init__(self, what: str, total: int, clock: Callable[[], int]) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._began_ms = self._said_ms = clock()
        self._done = 0

    def step(self) -> Iterator[Log]:
        """Count one more, and say how far it is if half a minute has passed since that was said."""
        self._done += 1
        now_ms = self._clock()
        if now_ms - self._said_ms >= INTERVAL_MS:
            self._said_ms = now_ms
            yield Log("INFO", self._text(now_ms - self._began_ms))

    def _text(self, elapsed_ms: int) -> str:
        per_second = self._done * 1000 / elapsed_ms
        minutes = ceil((self._total - self._done) / per_second / 60)
        return (
            f"{self._done} of {self._total} {self._what} read, {per_second:.0f} a second, "
            f"about {minutes} min left."
        )
