"""Our messages in the Airbyte protocol's JSON. Pure.

Written by hand and not by the CDK's serializer, for two reasons: that one leaves out null fields
at the top of a record, so that "this attribute was removed" could not be said, and it costs more
than everything else that happens to a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orjson import dumps

from source_customerio_segments.changes import (
    Estimate,
    Log,
    Record,
    Single,
    State,
    Status,
    Trouble,
)
from source_customerio_segments.errors import ConnectorError

Json = dict[str, Any]


def encode(message: Single, at_ms: int, records: int = 0) -> Json:
    """Return *message* as a protocol message emitted at *at_ms* (epoch).

    Args:
        message: What is to be told.
        at_ms: When.
        records: For a `State`: how many records its stream emitted since the state before.
    """
    match message:
        case Record(stream, data):
            record = {"stream": stream, "data": data, "emitted_at": at_ms}
            return {"type": "RECORD", "record": record}
        case State(stream, value):
            return {"type": "STATE", "state": _state(stream, value, records)}
        case _:
            return _told(message, at_ms)


def lines(stream: str, records: Sequence[bytes], at_ms: int) -> bytes:
    """Return a line for each record of a batch: what `encode` says of it, as JSON."""
    begin = b'{"type":"RECORD","record":{"stream":%b,"data":' % dumps(stream)
    end = b',"emitted_at":%d}}\n' % at_ms
    return begin + (end + begin).join(records) + end


def _told(message: Status | Trouble | Estimate | Log, at_ms: int) -> Json:
    match message:
        case Status(stream, status):
            body = {**_descriptor(stream), "status": status.value}
            return _trace("STREAM_STATUS", "stream_status", body, at_ms)
        case Trouble(stream, error):
            return _trace("ERROR", "error", {**_error(error), **_descriptor(stream)}, at_ms)
        case Estimate(stream, rows):
            body = {"name": stream, "type": "STREAM", "row_estimate": rows}
            return _trace("ESTIMATE", "estimate", body, at_ms)
        case Log(level, text):
            return {"type": "LOG", "log": {"level": level, "message": text}}


def unexpected(kind: str, stack_trace: str, at_ms: int) -> Json:
    """Return the trace of a defect: its type and place, not its text, which may quote anything."""
    error = {
        "message": "This connector has a defect, and the sync ended. A later sync goes on from "
        f"the last state. Report the stack trace and this type: {kind}.",
        "internal_message": kind,
        "stack_trace": stack_trace,
        "failure_type": "system_error",
    }
    return _trace("ERROR", "error", error, at_ms)


def connection_status(failure: str | None) -> Json:
    """Return the answer of ``check``."""
    status = {"status": "FAILED", "message": failure} if failure else {"status": "SUCCEEDED"}
    return {"type": "CONNECTION_STATUS", "connectionStatus": status}


def _state(stream: str, value: Mapping[str, Any], records: int) -> Json:
    return {
        "type": "STREAM",
        "stream": {**_descriptor(stream), "stream_state": value},
        "sourceStats": {"recordCount": float(records)},
    }


def _trace(kind: str, key: str, body: Json, at_ms: int) -> Json:
    return {"type": "TRACE", "trace": {"type": kind, "emitted_at": float(at_ms), key: body}}


def _error(error: ConnectorError) -> Json:
    return {
        "message": error.message,
        "internal_message": error.message,
        "failure_type": error.fault.value,
    }


def _descriptor(stream: str) -> Json:
    return {"stream_descriptor": {"name": stream}} if stream else {}
