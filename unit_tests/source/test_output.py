"""Lines on stdout: whole, counted, and checkpoints at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import orjson
import pytest

from source_customerio_segments.changes import (
    Batch,
    Log,
    Record,
    State,
    Status,
    StreamStatus,
    Trouble,
)
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.output import MAX_BYTES, Output


class Pipe(io.BytesIO):
    """What has been flushed; the rest is still ours."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = b""

    def flush(self) -> None:
        self.flushed = self.getvalue()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.flushed.splitlines()]


class Interrupted(io.RawIOBase):
    """An unbuffered stdout whose writes signals interrupt: it takes a few bytes at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        part = bytes(content[:7])
        self.taken += part
        return len(part)


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def output(pipe: Pipe, clock: Clock) -> Output:
    return Output(pipe, clock=clock)


def record(number: int = 0, stream: str = "profiles") -> Record:
    return Record(stream, {"cio_id": str(number), "email": None})


def test_record_keeps_its_nulls_and_says_when(output: Output, pipe: Pipe) -> None:
    output.put(record())
    output.flush()

    assert pipe.messages == [
        {
            "type": "RECORD",
            "record": {
                "stream": "profiles",
                "data": {"cio_id": "0", "email": None},
                "emitted_at": 1_790_000_000_000,
            },
        }
    ]


def test_records_wait_for_each_other_and_a_state_for_nobody(output: Output, pipe: Pipe) -> None:
    output.put(record())
    assert pipe.messages == []

    output.put(State("profiles", {}))

    assert [message["type"] for message in pipe.messages] == ["RECORD", "STATE"]


@pytest.mark.parametrize("message", [Log("INFO", "x"), Status("profiles", StreamStatus.STARTED)])
def test_what_is_not_a_record_goes_out_at_once(output: Output, pipe: Pipe, message: Any) -> None:
    output.put(message)

    assert len(pipe.messages) == 1


def test_records_go_out_when_they_are_many(output: Output, pipe: Pipe) -> None:
    for number in range(MAX_BYTES // 100):
        output.put(record(number))

    assert len(pipe.flushed) > MAX_BYTES // 2
    assert pipe.flushed.endswith(b"\n")


def test_records_go_out_when_they_are_old(output: Output, pipe: Pipe, clock: Clock) -> None:
    output.put(record(1))
    clock.now_ms += 1_000
    output.put(record(2))

    assert len(pipe.messages) == 2


def test_state_counts_the_records_of_its_stream_since_the_state_before(
    output: Output, pipe: Pipe
) -> None:
    output.put(record(1))
    output.put(record(2))
    output.put(record(3, "segments"))
    for _ in range(2):
        output.put(State("profiles", {}))
    output.put(State("segments", {}))

    states = [message["state"] for message in pipe.messages if message["type"] == "STATE"]

    assert [state["sourceStats"]["recordCount"] for state in states] == [2.0, 0.0, 1.0]


def test_batch_is_counted_and_goes_out_in_pieces_whole_lines_each(
    output: Output, pipe: Pipe
) -> None:
    records = [b'{"cio_id":"%d"}' % number for number in range(MAX_BYTES // 50)]
    output.put(Batch("profiles", records))

    assert MAX_BYTES <= len(pipe.flushed) < pipe.tell() + MAX_BYTES
    assert pipe.flushed.endswith(b"\n")
    output.put(State("profiles", {}))
    *lines, state = pipe.messages
    assert [int(line["record"]["data"]["cio_id"]) for line in lines] == list(range(len(records)))
    assert state["state"]["sourceStats"]["recordCount"] == len(records)


def test_streams_that_have_not_ended_are_known(output: Output) -> None:
    output.put(Status("a", StreamStatus.STARTED))
    output.put(Status("b", StreamStatus.STARTED))
    output.put(Status("b", StreamStatus.RUNNING))
    output.put(Status("c", StreamStatus.STARTED))
    output.put(Status("c", StreamStatus.COMPLETE))

    assert output.unfinished == ["a", "b"]


@pytest.mark.parametrize(
    ("last", "incomplete"), [(StreamStatus.COMPLETE, False), (StreamStatus.INCOMPLETE, True)]
)
def test_stream_that_ends_incomplete_is_remembered(
    output: Output, last: StreamStatus, *, incomplete: bool
) -> None:
    output.put(Status("a", last))
    output.put(Status("b", StreamStatus.COMPLETE))

    assert output.failed is incomplete


def test_trouble_is_remembered_even_if_the_stream_completes(output: Output) -> None:
    output.put(Trouble("a", ConnectorError("Away.", Fault.TRANSIENT)))
    output.put(Status("a", StreamStatus.COMPLETE))

    assert output.failed


def test_secret_reaches_no_text_and_data_is_left_alone(output: Output, pipe: Pipe) -> None:
    output.conceal('k"3y')
    output.put(Log("INFO", 'the key is k"3y'))
    output.put(Trouble("", ConnectorError('k"3y is refused', Fault.CONFIG)))
    output.put(Record("profiles", {"id": 'k"3y'}))
    output.put(State("profiles", {"id": 'k"3y'}))

    log, trouble, record, state = pipe.messages

    assert log["log"]["message"] == "the key is ****"
    assert "k" not in trouble["trace"]["error"]["message"].split()[0]
    assert record["record"]["data"]["id"] == 'k"3y'
    assert state["state"]["stream"]["stream_state"]["id"] == 'k"3y'


def test_every_write_is_guarded_and_nothing_else(pipe: Pipe) -> None:
    guarded: list[int] = []

    @contextmanager
    def guard() -> Iterator[None]:
        before = len(pipe.getvalue())
        yield
        guarded.append(len(pipe.getvalue()) - before)

    output = Output(pipe, guard)
    output.put(record())
    output.put(State("profiles", {}))

    assert sum(guarded) == len(pipe.getvalue())


def test_line_that_is_taken_in_parts_arrives_whole() -> None:
    stdout = Interrupted()
    output = Output(cast("BinaryIO", stdout))
    output.put(Record("profiles", {"cio_id": "a3"}))
    output.put(State("profiles", {"version": 1}))

    record, state = (orjson.loads(line) for line in stdout.taken.splitlines())
    assert record["record"]["data"] == {"cio_id": "a3"}
    assert state["state"]["stream"]["stream_state"] == {"version": 1}
