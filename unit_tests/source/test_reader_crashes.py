"""What a run that died left unsaid, the next one says; each way of dying that ever mattered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from source_customerio_segments.changes import Message, Record, State
from unit_tests.source.fake_customerio import FakeCustomerio
from unit_tests.source.test_reader import MEMBERSHIPS, PROFILES, Sync, records

OLD, BETWEEN, NEW = "old@example.com", "between@example.com", "new@example.com"


@pytest.fixture
def api() -> FakeCustomerio:
    api = FakeCustomerio()
    api.enter(7, "a1", "a2", "a3")
    api.people["a1"] = (OLD, "u-1")
    return api


def until(messages: Iterator[Message], kind: type) -> Iterator[Message]:
    """Yield messages up to and including the first of *kind*: then the process dies."""
    for message in messages:
        yield message
        if isinstance(message, kind):
            return


def dies_after(sync: Sync, kind: type) -> None:
    sync.downstream.take(until(sync.started(), kind))


def names(row: Any) -> tuple[Any, ...]:
    return row["email"], row["previous_email"]


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
@pytest.mark.parametrize("kind", [State, Record])
def test_a_renaming_that_was_announced_is_told_with_the_name_before(
    api: FakeCustomerio, stream: str, kind: type
) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.people["a1"] = (NEW, "u-1")
    dies_after(sync, kind)

    assert [names(row) for row in records(sync.run(), stream)] == [(NEW, OLD)]


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_renaming_overtaken_by_another_is_told_step_by_step(
    api: FakeCustomerio, stream: str
) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.people["a1"] = (BETWEEN, "u-1")
    dies_after(sync, State)
    api.people["a1"] = (NEW, "u-1")

    told = records(sync.run(), stream)

    assert [names(row) for row in told] == [(BETWEEN, OLD), (NEW, BETWEEN)]


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_person_renamed_and_gone_is_told_by_both_names(api: FakeCustomerio, stream: str) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.people["a1"] = (NEW, "u-1")
    dies_after(sync, State)
    api.delete("a1")

    told = records(sync.run(), stream)

    assert [(*names(row), row["_ab_cdc_deleted_at"] is None) for row in told] == [(NEW, OLD, False)]


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_renaming_taken_back_is_told_as_taken_back(api: FakeCustomerio, stream: str) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.people["a1"] = (NEW, "u-1")
    dies_after(sync, Record)
    api.people["a1"] = (OLD, "u-1")

    assert names(records(sync.run(), stream)[-1]) == (OLD, NEW)


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_person_who_came_back_after_an_exit_went_out_is_told_again(
    api: FakeCustomerio, stream: str
) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.leave(7, "a1")
    dies_after(sync, Record)
    api.enter(7, "a1")

    (row,) = records(sync.run(), stream)

    assert (row["cio_id"], row["_ab_cdc_deleted_at"]) == ("a1", None)
    assert records(sync.run(), stream) == []


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_held_segment_in_between_does_not_make_an_exit_forgotten(
    api: FakeCustomerio, stream: str
) -> None:
    sync = Sync(api, stream)
    sync.run()
    api.leave(7, "a1")
    dies_after(sync, Record)
    api.states[7] = ["build"]
    sync.run()
    api.states[7] = ["finished"]
    api.enter(7, "a1")

    (row,) = records(sync.run(), stream)

    assert (row["cio_id"], row["_ab_cdc_deleted_at"]) == ("a1", None)


def test_an_attribute_changed_and_changed_back_is_told_again(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    api.attributes_of["a1"] = {"plan": "free"}
    dies_after(sync, Record)
    api.attributes_of["a1"] = {"plan": "pro"}

    (row,) = records(sync.run(), PROFILES)

    assert (row["cio_id"], row["attributes"]) == ("a1", {"plan": "pro"})


def test_a_run_may_die_again_and_again(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS)
    dies_after(sync, State)
    dies_after(sync, Record)
    api.leave(7, "a1")
    dies_after(sync, State)
    dies_after(sync, Record)

    sync.run()

    assert {key[1] for key in sync.downstream.present(MEMBERSHIPS)} == {"a2", "a3"}


def test_people_announced_are_read_again_however_fresh_their_attributes(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, PROFILES, attribute_refresh_minutes=1_000)
    dies_after(sync, State)

    assert {row["cio_id"] for row in records(sync.run(), PROFILES)} == {"a1", "a2", "a3"}
    assert records(sync.run(), PROFILES) == []
