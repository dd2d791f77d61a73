"""What comes in is read or stops the sync; a STATE goes back as it came."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro import protocol
from destination_salesforce_intro.changes import Checkpoint, Complete, Received, Records
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.protocol import Event, UndecodableLineError, events
from destination_salesforce_intro.writing.books import Books
from unit_tests.destination.harness import record, state

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def read(*messages: Any) -> list[Event]:
    """Read *messages*; how long records are is looked at elsewhere."""
    lines = (m if isinstance(m, bytes) else orjson.dumps(m) for m in messages)
    return [e._replace(size_bytes=0) if isinstance(e, Records) else e for e in events(lines)]


def acknowledged(books: Books, checkpoint: Checkpoint) -> dict[str, Any]:
    return books.acknowledge(books.seal(checkpoint))


def test_records_states_and_completions_are_read_in_order() -> None:
    status = {"stream_descriptor": {"name": "profiles"}, "status": "COMPLETE"}
    complete = {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}}
    found = read(record(a=1), state(1), record("others", b=2), complete)

    assert found == [
        Records("profiles", [Received("profiles", 1, {"a": 1})]),
        Checkpoint("profiles", state(1)),
        Records("others", [Received("others", 2, {"b": 2})]),
        Complete("profiles"),
    ]


def test_records_come_together_by_stream_before_what_follows_them() -> None:
    found = read(record(a=1), record("others", b=2), record(a=3), state(1), record(a=4))

    assert found == [
        Records("profiles", [Received("profiles", 1, {"a": 1}), Received("profiles", 3, {"a": 3})]),
        Records("others", [Received("others", 2, {"b": 2})]),
        Checkpoint("profiles", state(1)),
        Records("profiles", [Received("profiles", 4, {"a": 4})]),
    ]


def test_records_that_no_state_ends_are_handed_on_by_the_thousand() -> None:
    sizes = [len(each.received) for each in read(*[record(a=1)] * 2_500)]  # type: ignore[union-attr]  # no other event was given

    assert sizes == [1_000, 1_000, 500]


def test_records_bring_their_length_and_are_handed_on_before_they_fill_the_memory() -> None:
    lines = [orjson.dumps(record(a="x" * 300_000)) for _ in range(20)]
    found = [each for each in events(lines) if isinstance(each, Records)]

    assert [len(each.received) for each in found] == [7, 7, 6]
    assert [each.size_bytes for each in found] == [n * len(lines[0]) for n in (7, 7, 6)]


def test_records_before_a_broken_line_are_handed_on() -> None:
    found = events([orjson.dumps(record(a=1)), b"{"])

    assert next(found)[:2] == ("profiles", [Received("profiles", 1, {"a": 1})])
    with pytest.raises(UndecodableLineError, match="Line 2"):
        next(found)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "LOG", "log": {"level": "INFO", "message": "x"}},
        {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "x"}}},
        {
            "type": "TRACE",
            "trace": {"type": "STREAM_STATUS", "stream_status": {"status": "STARTED"}},
        },
        {"type": "CONTROL", "control": {}},
        {"type": "NOT_INVENTED_YET"},
        b"\n",
    ],
)
def test_what_is_of_no_concern_is_passed_over(message: Any) -> None:
    assert read(message) == []


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"type":"RECORD"}',
        b'{"type":"RECORD","record":{"stream":"s"}}',
        b'{"type":"RECORD","record":{"stream":"s","data":[1]}}',
        b'{"type":"STATE"}',
        b'{"type":"STATE","state":{"type":"STREAM","stream":{}}}',
        b"[]",
        b"5",
        b'{"no":"type"}',
        b'{"type":"RECORD","record":{"stream":"s","data":{"a":1}',
    ],
)
def test_a_line_that_cannot_be_read_stops_and_is_not_quoted(line: bytes) -> None:
    with pytest.raises(UndecodableLineError) as caught:
        read(record(a=1), line)

    assert caught.value.message.startswith(f"Line 2 of the input ({len(line)} bytes)")
    assert line.decode() not in caught.value.message


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ({"type": "GLOBAL", "global": {"stream_states": []}}, None),
        ({"type": "LEGACY", "data": {"a": 1}}, None),
        ({"data": {"a": 1}}, None),
        ({}, None),
        (
            {"type": "STREAM", "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {}}},
            "s",
        ),
        ({"stream": {"stream_descriptor": {"name": "s"}}}, "s"),
    ],
)
def test_states_of_every_shape_are_taken(inner: dict[str, Any], expected: str | None) -> None:
    (checkpoint,) = read({"type": "STATE", "state": inner})

    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint.stream == expected


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), JSON)
def test_a_state_goes_back_with_every_key_it_came_with(extra: dict[str, Any], inner: Any) -> None:
    """The CDK drops unknown keys, the platform's ``id`` among them (airbyte PR #47969)."""
    sent = state(7)
    sent["state"] = {**extra, **sent["state"]}
    sent["state"]["stream"]["stream_state"] = inner
    (checkpoint,) = read({**extra, **sent})
    assert isinstance(checkpoint, Checkpoint)
    back = acknowledged(Books(), checkpoint)

    stats = back["state"].pop("destinationStats")
    assert back == {
        **extra,
        **sent,
        "state": {k: v for k, v in sent["state"].items() if k != "destinationStats"},
    }
    assert stats["recordCount"] == 0.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]), st.sampled_from(["stored", "refused", "twice", "state"])
        ),
        max_size=40,
    )
)
def test_counts_of_a_stream_between_its_states_add_up(steps: list[tuple[str, str]]) -> None:
    books, expected = Books(), {"a": [0, 0], "b": [0, 0]}
    for number, (stream, step) in enumerate(steps):
        if step == "state":
            back = acknowledged(books, Checkpoint(stream, {"state": {}}))["state"][
                "destinationStats"
            ]
            assert [back["recordCount"], back["rejectedRecordCount"]] == expected[stream]
            expected[stream] = [0, 0]
            continue
        received = Received(stream, number, {})
        books.receive(Records(stream, [received]))
        for _ in range({"stored": 0, "refused": 1, "twice": 2}[step]):
            books.refuse([received])
        expected[stream][step != "stored"] += 1


def test_a_global_state_counts_all_streams_and_keeps_others_stats() -> None:
    books = Books()
    for stream in ("a", "b"):
        books.receive(Records(stream, [Received(stream, 1, {})]))
    message = {"state": {"type": "GLOBAL", "destinationStats": {"bytes": 3}}}
    stats = acknowledged(books, Checkpoint(None, message))["state"]["destinationStats"]

    assert stats == {"bytes": 3, "recordCount": 2.0, "rejectedRecordCount": 0.0}


def test_a_failure_names_whose_move_it_is() -> None:
    message = protocol.failure(ConnectorError("Do this.", Fault.CONFIG), 5)

    assert message["trace"]["error"] == {"message": "Do this.", "failure_type": "config_error"}


def test_a_state_that_had_to_wait_counts_only_what_it_covers() -> None:
    books = Books()
    first, second = Received("a", 1, {}), Received("a", 2, {})
    books.receive(Records("a", [first]))
    sealed = books.seal(Checkpoint("a", {"state": {}}))
    books.receive(Records("a", [second]))
    later = books.seal(Checkpoint("a", {"state": {}}))
    books.refuse([first, second])

    for waiting in (sealed, later):
        stats = books.acknowledge(waiting)["state"]["destinationStats"]
        assert stats == {"recordCount": 0.0, "rejectedRecordCount": 1.0}
