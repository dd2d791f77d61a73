"""The Airbyte protocol on stdin and stdout: lines to events, and messages to send. Pure.

The CDK's own decoding drops keys that it does not know, among them the ``id`` by which the
platform finds its STATE again (airbyte PR #47969), and its records pass through a schema that costs
more than the rest of the reading. So lines are read with orjson and a STATE is kept as it came.
This can go when the CDK, shown by our test of the echo, keeps unknown keys.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import orjson

from destination_salesforce_intro.changes import Checkpoint, Complete, Received, Records
from destination_salesforce_intro.errors import ConnectorError, Fault

Event = Records | Checkpoint | Complete
Level = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
Message = Mapping[str, Any]
# Records that are handed on together: enough for what is done once for all of them to cost little.
AT_ONCE, AT_ONCE_BYTES = 1_000, 2_000_000


class UndecodableLineError(ConnectorError):
    """A line of the input cannot be read, so nobody can say what it was to change."""

    def __init__(self, number: int, size_bytes: int) -> None:
        super().__init__(
            f"Line {number} of the input ({size_bytes} bytes) is not an Airbyte message. "
            "Everything before it was kept; check what writes to this connector's input.",
            Fault.SYSTEM,
        )


def events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Read protocol messages, one a line; what is of no concern to a destination is passed over.

    Records wait for others of their stream, but nothing passes them: what they have to wait for
    costs no time, since nobody acts on records before a STATE, or before very many have come.

    Raises:
        UndecodableLineError: A line is not JSON, or lacks what its type needs. The line is not
            quoted.
    """
    waiting = _Waiting()
    for number, line in enumerate(lines, 1):
        try:
            event = _read(line, waiting.count + 1)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            yield from waiting.together()
            raise UndecodableLineError(number, len(line)) from None
        if isinstance(event, Received):
            if waiting.add(event, len(line)):
                yield from waiting.together()
        elif event is not None:
            yield from waiting.together()
            yield event
    yield from waiting.together()


class _Waiting:
    """Records not handed on yet, by stream; and how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._records = defaultdict[str, list[Received]](list)
        self._sizes = Counter[str]()
        self._bytes = 0

    def add(self, received: Received, size_bytes: int) -> bool:
        """Take in a record; whether it is time to hand on what waits."""
        self._records[received.stream].append(received)
        self._sizes[received.stream] += size_bytes
        self._bytes += size_bytes
        self.count += 1
        return self.count % AT_ONCE == 0 or self._bytes >= AT_ONCE_BYTES

    def together(self) -> Iterator[Records]:
        """Yield what waits, stream by stream, and leave nothing."""
        for stream, received in self._records.items():
            yield Records(stream, received, self._sizes[stream])
        self._records.clear()
        self._sizes.clear()
        self._bytes = 0


def _read(line: bytes, record_number: int) -> Received | Checkpoint | Complete | None:
    if line.isspace() or not line:
        return None
    message = orjson.loads(line)
    kind = message["type"]
    if kind == "RECORD":
        return _record(message["record"], record_number)
    return _READERS[kind](message) if kind in _READERS else None


def _record(record: Any, number: int) -> Received:
    data = record["data"]
    if not isinstance(data, dict):
        raise TypeError
    return Received(record["stream"], number, data)


def _state(message: Any) -> Checkpoint:
    state = message["state"]
    stream = state.get("stream") if state.get("type", "STREAM") == "STREAM" else None
    name = None if stream is None else stream["stream_descriptor"]["name"]
    return Checkpoint(name, message)


def _trace(message: Any) -> Complete | None:
    trace = message["trace"]
    status = trace.get("stream_status") or {}
    if trace.get("type") == "STREAM_STATUS" and status.get("status") == "COMPLETE":
        return Complete(status["stream_descriptor"]["name"])
    return None


_READERS: dict[str, Callable[[Any], Checkpoint | Complete | None]] = {
    "STATE": _state,
    "TRACE": _trace,
}


def log(level: Level, text: str) -> Message:
    """Return a LOG message."""
    return {"type": "LOG", "log": {"level": level, "message": text}}


def connection_status(problem: str | None) -> Message:
    """Return the answer of ``check``: SUCCEEDED, or FAILED with *problem*."""
    if problem is None:
        return {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}
    status = {"status": "FAILED", "message": problem}
    return {"type": "CONNECTION_STATUS", "connectionStatus": status}


def new_settings(config: Mapping[str, Any], emitted_at_ms: float) -> Message:
    """Return the CONTROL message that has the platform keep *config* instead of what it has."""
    control = {
        "type": "CONNECTOR_CONFIG",
        "emitted_at": emitted_at_ms,
        "connectorConfig": {"config": config},
    }
    return {"type": "CONTROL", "control": control}


def failure(error: ConnectorError, emitted_at_ms: float) -> Message:
    """Return the TRACE ERROR that tells the platform whose move it is."""
    details = {"message": error.message, "failure_type": error.fault.value}
    trace = {"type": "ERROR", "emitted_at": emitted_at_ms, "error": details}
    return {"type": "TRACE", "trace": trace}


def unexpected(type_name: str, frames: str, emitted_at_ms: float) -> Message:
    """Return the TRACE ERROR for a defect of ours; the exception's own text may hold data."""
    details = {
        "message": f"The connector met a defect of its own ({type_name}). What it acknowledged is "
        "stored; please report this with the stack trace.",
        "failure_type": Fault.SYSTEM.value,
        "stack_trace": frames,
    }
    trace = {"type": "ERROR", "emitted_at": emitted_at_ms, "error": details}
    return {"type": "TRACE", "trace": trace}
