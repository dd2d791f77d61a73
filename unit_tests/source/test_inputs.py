"""The files a runner hands over, good and bad."""

from __future__ import annotations

from typing import Any

import pytest

from source_customerio_segments import inputs
from source_customerio_segments.errors import ConnectorError, Fault

STATE = {
    "type": "STREAM",
    "stream": {"stream_descriptor": {"name": "profiles"}, "stream_state": {"version": 1}},
}
AVAILABLE = ["segments", "profiles"]


def catalog(*names: str) -> dict[str, Any]:
    return {"streams": [{"stream": {"name": name}, "sync_mode": "incremental"} for name in names]}


def refusal(call: Any, *args: Any) -> str:
    with pytest.raises(ConnectorError) as caught:
        call(*args)
    assert caught.value.fault is Fault.CONFIG
    return caught.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"{'key': 1}"])
def test_file_that_is_not_json_is_named_and_not_quoted(content: bytes) -> None:
    message = refusal(inputs.parse, content, "state")

    assert message.startswith("The state file is not JSON (line ")
    assert "key" not in message


@pytest.mark.parametrize("parsed", [[], "x", None])
def test_settings_are_an_object(parsed: object) -> None:
    assert "object" in refusal(inputs.settings, parsed)


def test_streams_are_read_in_catalog_order_and_once() -> None:
    names = inputs.configured_streams(catalog("profiles", "segments", "profiles"), AVAILABLE)

    assert names == ["profiles", "segments"]


def test_streams_that_overwrite_are_told_apart() -> None:
    modes = {"profiles": "overwrite", "segments": "append", "events": "overwrite_dedup"}
    streams = [
        {"stream": {"name": name}, "destination_sync_mode": mode} for name, mode in modes.items()
    ]

    found = inputs.overwritten_streams({"streams": [*streams, {"stream": {"name": "x"}}]})

    assert found == {"profiles", "events"}


def test_unknown_stream_is_refused_with_the_available_ones() -> None:
    message = refusal(inputs.configured_streams, catalog("people", "profiles"), AVAILABLE)

    assert "people" in message
    assert "segments, profiles" in message


@pytest.mark.parametrize("parsed", [None, [], {}, {"streams": [{}]}, {"streams": None}], ids=str)
def test_what_is_no_catalog_is_refused(parsed: object) -> None:
    assert "catalog" in refusal(inputs.configured_streams, parsed, AVAILABLE)


@pytest.mark.parametrize("given", [STATE, {"type": "STATE", "state": STATE}], ids=["bare", "line"])
def test_state_is_read_per_stream(given: dict[str, Any]) -> None:
    assert inputs.stream_states([given]) == {"profiles": {"version": 1}}


@pytest.mark.parametrize("parsed", [None, {}, []])
def test_no_state_is_none_yet(parsed: object) -> None:
    assert inputs.stream_states(parsed) == {}


@pytest.mark.parametrize("value", [{}, None])
def test_empty_stream_state_is_none_yet(value: object) -> None:
    """The platform injects ``{}`` for a stream that sent no state."""
    stream = {"stream_descriptor": {"name": "profiles"}, "stream_state": value}

    assert inputs.stream_states([{"type": "STREAM", "stream": stream}]) == {}


def test_state_keeps_the_platforms_own_keys_out_of_the_way() -> None:
    assert inputs.stream_states([{**STATE, "id": 3, "sourceStats": {}}]) == {
        "profiles": {"version": 1}
    }


@pytest.mark.parametrize(
    "parsed",
    [
        {"profiles": {"version": 1}},
        [{"type": "GLOBAL", "global": {"stream_states": []}}],
        [{"type": "LEGACY", "data": {"profiles": {}}}],
        ["ann@example.com"],
        [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "p"}, "stream_state": [1]}}],
        7,
    ],
    ids=str,
)
def test_what_is_no_state_is_refused_and_not_quoted(parsed: object) -> None:
    message = refusal(inputs.stream_states, parsed)

    assert "state messages" in message
    assert "ann@" not in message
