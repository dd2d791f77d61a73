"""One sync of the events: newest first, back to what is known. No I/O of its own.

The cursor moves only when everything above it has been read, so a run that ends half-way has lost
nothing: the next one reads the same stretch again and passes over what has been told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from source_customerio_segments.changes import (
    Activity,
    Log,
    Message,
    Record,
    State,
    Status,
    StreamStatus,
    Trouble,
)
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError
from source_customerio_segments.events.progress import (
    ALL_NAMES,
    BYTES_PER_EVENT,
    DAY_S,
    GUARANTEED_S,
    Progress,
    decode,
    encode,
)
from source_customerio_segments.streams.catalog import EVENTS
from source_customerio_segments.streams.records import instant

INTERVAL_MS = 30_000  # between states and progress lines
EVENT = "event"  # Customer.io's type of activity

Clock = Callable[[], int]


class ActivityLog(Protocol):
    """What is needed of Customer.io."""

    def activities(self, kind: str, name: str | None) -> Iterator[list[Activity]]:
        """Yield the pages of the log, newest first by the activities' own time."""


def read(
    client: ActivityLog, config: Config, state: Mapping[str, Any], clock: Clock
) -> Iterator[Message]:
    """Return one sync of the stream, ending with COMPLETE, or Trouble and INCOMPLETE.

    Args:
        client: Customer.io.
        config: The settings *events*, *start_date* and *max_state_megabytes* matter here.
        state: As last acknowledged; ``{}`` is none.
        clock: The time, epoch milliseconds.

    Raises:
        ConnectorError: The state cannot be read; at once, before anything is asked.
    """
    return _Reading(client, config, decode(state), clock).messages()


def event_record(event: Activity) -> dict[str, Any]:
    """Show an event as the stream does."""
    return {
        "id": event.id,
        "name": event.name,
        "timestamp": instant(event.timestamp * 1000),
        "cio_id": event.cio_id,
        "customer_id": event.customer_id,
        "email": event.email,
        "data": event.data,
    }


class _Reading:
    def __init__(
        self, client: ActivityLog, config: Config, progress: Progress, clock: Clock
    ) -> None:
        self._client = client
        self._progress = progress
        self._clock = clock
        self._now_s = clock() // 1000
        self._names = config.events or (ALL_NAMES,)
        self._earliest = _earliest(config, self._now_s)
        self._most = int(config.max_state_megabytes * 1_000_000 / BYTES_PER_EVENT)
        self._last = encode(progress)
        self._last_ms = clock()
        self._read = 0

    def messages(self) -> Iterator[Message]:
        yield Status(EVENTS, StreamStatus.STARTED)
        yield from self._gaps()
        try:
            for name in self._names:
                yield from self._events(name)
        except ConnectorError as error:
            yield from self._state()
            yield Trouble(EVENTS, error)
            yield Status(EVENTS, StreamStatus.INCOMPLETE)
            return
        yield from self._forget()
        yield from self._state()
        yield Status(EVENTS, StreamStatus.COMPLETE)

    def _gaps(self) -> Iterator[Log]:
        cursors = [self._progress.cursors.get(name, self._earliest) for name in self._names]
        if min(cursors) < self._now_s - GUARANTEED_S:
            days = (self._now_s - min(cursors)) // DAY_S
            yield Log(
                "WARN",
                f"The last sync of events was {days} days ago, but Customer.io keeps them for 30: "
                "those in between are missing.",
            )

    def _events(self, name: str) -> Iterator[Message]:
        since, newest = self._progress.since(name, self._earliest), 0
        for page in self._client.activities(EVENT, name or None):
            times = [event.timestamp for event in page]
            newest = max([newest, *times])
            yield from self._news(page, since)
            if not times or max(times) < since:
                break
            yield from self._every_now_and_then(max(times))
        self._progress.arrive(name, newest, self._now_s)

    def _news(self, page: list[Activity], since: int) -> Iterator[Message]:
        for event in page:
            if event.timestamp >= since and self._progress.tell(event):
                if not self._read:
                    yield Status(EVENTS, StreamStatus.RUNNING)
                self._read += 1
                yield Record(EVENTS, event_record(event))

    def _every_now_and_then(self, reached_s: int) -> Iterator[Message]:
        if self._clock() - self._last_ms >= INTERVAL_MS:
            self._progress.forget(self._names, self._most)
            yield from self._state()
            yield Log("INFO", f"{self._read} events read, back to {instant(reached_s * 1000)}.")

    def _forget(self) -> Iterator[Log]:
        if dropped := self._progress.forget(self._names, self._most):
            yield Log(
                "WARN",
                f"{dropped} events of the last day are more than the state may remember; they may "
                "be sent again, with the same id. Raise max_state_megabytes to avoid it.",
            )

    def _state(self) -> Iterator[State]:
        self._last_ms = self._clock()
        value = encode(self._progress)
        if value != self._last:
            self._last = value
            yield State(EVENTS, value)


def _earliest(config: Config, now_s: int) -> int:
    start = int(config.start_date.timestamp()) if config.start_date else 0
    return max(start, now_s - GUARANTEED_S)
