"""Source and destination together, on real HTTP, under a runner that behaves as the platform."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo import story
from integration_tests.runner import Kill
from integration_tests.world import World, world


@pytest.fixture
def both(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def a_day_passes(both: World) -> None:
    operations, _ = story.a_day_later(both.box.customerio_control.truth())
    both.box.customerio_control.do(*operations)


def test_first_sync_makes_salesforce_equal(both: World) -> None:
    outcome = both.clean_sync()

    assert both.differences() == []
    assert outcome.ledger.records["profiles"] > 200


def test_changes_arrive_and_only_changes_are_sent(both: World) -> None:
    first = both.clean_sync()
    a_day_passes(both)

    second = both.clean_sync()

    assert both.differences() == []
    assert 0 < second.ledger.records["profiles"] < first.ledger.records["profiles"] / 2


def test_sync_without_changes_writes_nothing(both: World) -> None:
    both.clean_sync()
    both.box.salesforce_control.reset_writes()

    outcome = both.clean_sync()

    assert outcome.ledger.records["profiles"] == 0
    assert both.box.salesforce_control.writes()["calls"] == 0


def test_lost_state_repeats_everything_and_changes_nothing(both: World) -> None:
    both.clean_sync()
    both.states = []
    both.box.salesforce_control.reset_writes()

    outcome = both.clean_sync()

    assert outcome.ledger.records["profiles"] > 200
    assert both.box.salesforce_control.writes()["calls"] == 0


@pytest.mark.parametrize("records", [20, 120, 220])
def test_destination_killed_in_the_middle_is_made_good_by_a_rerun(
    both: World, records: int
) -> None:
    both.box.salesforce_control.fault({"delay_ms": 300}, times=None, method="POST")

    killed = both.sync(Kill("destination", lambda b: b.records["profiles"] >= records))
    a_day_passes(both)
    both.box.salesforce_control.clear_faults()
    both.clean_sync()

    assert killed.destination_exit == -9
    assert both.differences() == []


def test_destination_killed_after_writing_and_before_acknowledging(both: World) -> None:
    """The write commits, the answer never comes, the process dies: no duplicate, nothing lost."""
    control = both.box.salesforce_control
    control.fault({"hang_s": 20}, times=None, method="POST", path="/composite")

    def has_written(_: object) -> bool:
        return bool(control.writes()["created"])

    killed = both.sync(Kill("destination", has_written))
    control.clear_faults()
    a_day_passes(both)
    both.clean_sync()

    assert killed.destination_exit == -9
    assert both.differences() == []


@pytest.mark.parametrize("records", [1, 120])
def test_source_killed_in_the_middle_is_made_good_by_a_rerun(both: World, records: int) -> None:
    killed = both.sync(Kill("source", lambda b: b.records["profiles"] >= records))
    a_day_passes(both)
    both.clean_sync()

    assert killed.source_exit == -9
    assert both.differences() == []


def test_person_who_left_between_crash_and_rerun_is_cleaned_up(both: World) -> None:
    """Entries went out, their STATE never came back; whoever left since must still be reported."""
    both.sync(Kill("source", lambda b: b.records["profiles"] >= 200))
    members = both.box.customerio_control.truth()["segments"]["9"]
    both.box.customerio_control.do(
        *({"op": "delete_person", "person": {"cio_id": one}} for one in members[:50])
    )

    both.clean_sync()

    assert both.differences() == []
