"""Whole syncs against a Customer.io that breaks: nothing is lost, nothing is invented.

Whatever broke, nobody who is still in a segment is reported as gone, and the next sync that goes
well makes downstream true.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.downstream import Downstream
from sandbox.serve import Running, running

PAGE = 15
ACTIONS: dict[str, dict[str, Any]] = {
    "503": {"status": 503},
    "busy": {"status": 429, "headers": {"Retry-After": "2"}},
    "quota": {"status": 429},
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "truncated": {"truncate": True},
    "garbage": {"garbage": "<html>"},
    "empty object": {"status": 200, "body": {}},
    "400": {"status": 400},
    "404": {"status": 404},
}
PLACES = {
    "list": "/v1/segments$",
    "first page": "/segments/9/membership.*limit=30000$",
    "later page": "/membership.*start=",
    "count": "/customer_count",
    "profiles": "/customers/attributes",
}


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(people=150) as servers:
        servers.customerio_control.do({"op": "set_workspace", "page_cap": PAGE})
        yield servers


@pytest.fixture(scope="module")
def connection(box: Running, tmp_path_factory: pytest.TempPathFactory) -> Downstream:
    return Downstream(box, tmp_path_factory.mktemp("connection"))


@pytest.fixture
def downstream(connection: Downstream) -> Iterator[Downstream]:
    """One connection that lives through all tests, each of which must leave it true."""
    if not connection.states:
        assert connection.sync() == 0
    assert connection.members == connection.truth()
    yield connection
    connection.sandbox.customerio_control.clear_faults()


def move_people(sandbox: Running) -> None:
    """Let one buy and one lapse, which moves them between segments, one go and one come."""
    control = sandbox.customerio_control
    truth = control.truth()
    lapsed, recent = truth["segments"]["9"], truth["segments"]["10"]
    lapsing = {"last_purchase_at": str(int(time.time()) - 200 * 86_400)}
    control.do(
        {"op": "purchase", "person": {"cio_id": lapsed[0]}, "total": 10},
        {"op": "update_person", "person": {"cio_id": recent[0]}, "attributes": lapsing},
        {"op": "delete_person", "person": {"cio_id": lapsed[1]}},
        {"op": "create_person", "id": f"in place of {lapsed[1]}", "attributes": lapsing},
    )


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_whatever_breaks_nobody_is_lost_or_invented(
    downstream: Downstream, action: dict[str, Any], place: str
) -> None:
    control = downstream.sandbox.customerio_control
    move_people(downstream.sandbox)
    control.fault(action, times=None, path=place)
    code = downstream.sync()
    truth = downstream.truth()

    assert downstream.exits.isdisjoint(truth)
    assert code == 1 or action == {"status": 404}  # a segment that is gone is held, no failure

    control.clear_faults()
    assert downstream.sync() == 0
    assert downstream.members == truth
    assert downstream.profiles == {person for _, person in truth}


def test_people_who_move_while_pages_are_read_are_found_at_the_latest_next_time(
    downstream: Downstream,
) -> None:
    control = downstream.sandbox.customerio_control
    segments = control.truth()["segments"]
    moves = [
        {"op": "purchase", "person": {"cio_id": cio_id}, "total": 10}
        for cio_id in segments["9"][:4]
    ]
    change = {"control": {"path": "/__sandbox__/workspace", "body": moves}}
    control.fault(change, path="/segments/9/membership.*start=")

    assert downstream.sync() == 0
    assert downstream.exits.isdisjoint(downstream.truth())
    assert downstream.sync() == 0
    assert downstream.members == downstream.truth()


def test_segment_that_fails_leaves_the_others_and_the_next_sync_makes_it_good(
    downstream: Downstream,
) -> None:
    move_people(downstream.sandbox)
    control = downstream.sandbox.customerio_control
    control.fault({"status": 400}, times=None, path="/segments/10/membership")
    code = downstream.sync()
    elsewhere = {key for key in downstream.truth() if key[0] != 10}

    assert code == 1
    assert {key for key in downstream.members if key[0] != 10} == elsewhere

    control.clear_faults()
    assert downstream.sync() == 0
    assert downstream.members == downstream.truth()
