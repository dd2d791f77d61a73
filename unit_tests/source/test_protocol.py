"""What goes out is the Airbyte protocol, nulls included."""

from __future__ import annotations

import pytest
from airbyte_cdk.models import AirbyteMessageSerializer, FailureType, Type

from source_customerio_segments.changes import (
    Estimate,
    Log,
    Record,
    Single,
    State,
    Status,
    StreamStatus,
    Trouble,
)
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.protocol import connection_status, encode, unexpected

EVERYTHING: list[Single] = [
    Record("profiles", {"email": None, "attributes": {"plan": None}}),
    State("profiles", {"version": 1, "nothing": None}),
    Status("profiles", StreamStatus.STARTED),
    Status("profiles", StreamStatus.INCOMPLETE),
    Trouble("profiles", ConnectorError("Customer.io is away.", Fault.TRANSIENT)),
    Trouble("", ConnectorError("The key is refused.", Fault.CONFIG)),
    Estimate("profiles", 12_345),
    Log("WARN", "Segment 7 is held."),
]


@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
def test_cdk_reads_every_message_and_loses_nothing_but_nulls(message: Single) -> None:
    ours = encode(message, 1_790_000_000_123, 3)

    theirs = AirbyteMessageSerializer.dump(AirbyteMessageSerializer.load(ours))

    assert without_nulls(theirs) == without_nulls(ours)


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return value


def test_cdk_serializer_drops_top_level_nulls_of_a_record() -> None:
    """The defect that keeps us from using it; when this fails, it is mended."""
    ours = encode(Record("profiles", {"email": None}), 0)

    theirs = AirbyteMessageSerializer.dump(AirbyteMessageSerializer.load(ours))

    assert theirs["record"]["data"] == {}
    assert ours["record"]["data"] == {"email": None}


def test_state_says_how_many_records_it_covers() -> None:
    message = AirbyteMessageSerializer.load(encode(State("profiles", {"version": 1}), 0, 3))

    assert message.state is not None
    assert message.state.sourceStats is not None
    assert message.state.sourceStats.recordCount == 3.0


def test_trouble_of_a_stream_names_it_and_whose_move_it_is() -> None:
    error = ConnectorError("Customer.io is away.", Fault.TRANSIENT)
    message = AirbyteMessageSerializer.load(encode(Trouble("profiles", error), 0))

    assert message.trace is not None
    assert message.trace.error is not None
    assert message.trace.error.failure_type is FailureType.transient_error
    assert message.trace.error.stream_descriptor is not None
    assert message.trace.error.stream_descriptor.name == "profiles"


def test_trouble_of_the_whole_sync_names_no_stream() -> None:
    trace = encode(Trouble("", ConnectorError("No.", Fault.CONFIG)), 0)["trace"]

    assert "stream_descriptor" not in trace["error"]


def test_answers_of_check_and_defects_are_protocol_too() -> None:
    for ours in (connection_status(None), connection_status("No."), unexpected("KeyError", "…", 0)):
        assert AirbyteMessageSerializer.load(ours).type in {Type.CONNECTION_STATUS, Type.TRACE}
