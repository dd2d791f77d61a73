"""Protocol messages on stdout: whole lines, few system calls, checkpoints at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

from orjson import OPT_APPEND_NEWLINE as NEWLINE
from orjson import dumps

from source_customerio_segments import protocol
from source_customerio_segments.changes import (
    Batch,
    Message,
    Record,
    Single,
    State,
    Status,
    StreamStatus,
    Trouble,
)

MAX_BYTES = 65_536  # held back at most, and a line; one buffer, as many small ones cost more
MAX_AGE_MS = 1_000
LINES = 64  # of a batch at a time; they share an instant, and fill about half the buffer
UNFINISHED = {StreamStatus.STARTED, StreamStatus.RUNNING}
DATA = {"RECORD", "STATE", "CATALOG", "SPEC"}  # these must arrive as they are


def now_ms() -> int:
    """Return the time of day in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Output:
    """Writes messages as lines of JSON, and knows how the streams stand.

    Records gather until there are many, a second has passed, or anything else is to be said: a
    STATE is never kept back. A line goes out whole or not at all.

    Args:
        file: Where to.
        guard: Entered around every write; a signal must not end the process inside.
        clock: Milliseconds since 1970.
    """

    def __init__(
        self,
        file: BinaryIO,
        guard: Callable[[], AbstractContextManager[object]] = nullcontext,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._file = file
        self._guard = guard
        self._clock = clock
        self._buffer = bytearray()
        self._flushed_ms = clock()
        self._records: Counter[str] = Counter()
        self._streams: dict[str, StreamStatus] = {}
        self._troubled = False
        self._secret = b""

    @property
    def unfinished(self) -> list[str]:
        """The streams that have started and not ended."""
        return [name for name, status in self._streams.items() if status in UNFINISHED]

    @property
    def failed(self) -> bool:
        """Whether there was trouble, or a stream stands short of COMPLETE."""
        complete = all(each is StreamStatus.COMPLETE for each in self._streams.values())
        return self._troubled or not complete

    def conceal(self, secret: str) -> None:
        """Let *secret* appear in no log line, trace or status from now on.

        None of our texts holds it; this is for the day when one does.
        """
        self._secret = dumps(secret)[1:-1]

    def put(self, message: Message) -> None:
        """Write a message.

        Raises:
            BrokenPipeError: Nobody reads any more.
        """
        if isinstance(message, Record):
            self._put_record(message)
        elif isinstance(message, Batch):
            self._put_batch(message)
        else:
            self.say(protocol.encode(message, self._clock(), self._counted(message)))

    def _put_record(self, message: Record) -> None:
        now = self._clock()
        self._add(protocol.encode(message, now))
        self._counted_in(message.stream, 1, now)

    def _put_batch(self, message: Batch) -> None:
        stream, records = message
        for start in range(0, len(records), LINES):
            now = self._clock()
            part = records[start : start + LINES]
            self._buffer += protocol.lines(stream, part, now)
            self._counted_in(stream, len(part), now)

    def _counted_in(self, stream: str, records: int, now: int) -> None:
        self._records[stream] += records
        if len(self._buffer) >= MAX_BYTES or now - self._flushed_ms >= MAX_AGE_MS:
            self.flush()

    def say(self, message: protocol.Json) -> None:
        """Write a message that is in the protocol's form already."""
        self._add(message)
        self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with self._guard():
            lines, self._buffer = self._buffer, bytearray()
            _write_whole(self._file, lines)
            self._file.flush()
        self._flushed_ms = self._clock()

    def _counted(self, message: Single) -> int:
        if isinstance(message, Status):
            self._streams[message.stream] = message.status
        self._troubled |= isinstance(message, Trouble)
        return self._records.pop(message.stream, 0) if isinstance(message, State) else 0

    def _add(self, message: protocol.Json) -> None:
        line = dumps(message, option=NEWLINE)
        if self._secret and message["type"] not in DATA:
            line = line.replace(self._secret, b"****")
        self._buffer += line


def _write_whole(file: BinaryIO, content: bytes | bytearray) -> None:
    """Write all of *content*; an unbuffered stdout takes only a part when a signal interrupts.

    Python opens it so when ``PYTHONUNBUFFERED`` is set, as in most images.
    """
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
