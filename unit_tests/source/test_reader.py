"""The reader, situation by situation, against a workspace in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from source_customerio_segments.changes import Log, Message, Record, State, Status, Trouble
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.reader import read
from source_customerio_segments.streams import lookup
from source_customerio_segments.streams.batches import apart
from unit_tests.source.downstream import Downstream
from unit_tests.source.fake_customerio import FakeCustomerio

BEGINNING_MS = 1_795_662_000_000
MINUTE_MS = 60_000
MEMBERSHIPS, PROFILES, SYNCS = "segment_memberships", "profiles", "segment_syncs"


class Sync:
    """Runs syncs one after the other, a minute apart, and keeps what became of them."""

    overwritten: Sequence[str] = ()

    def __init__(self, api: FakeCustomerio, *streams: str, **config: object) -> None:
        self.api = api
        self.streams: Sequence[str] = streams or [MEMBERSHIPS]
        self.config = config
        self.downstream = Downstream()
        self.now_ms = BEGINNING_MS

    def started(self, **config: object) -> Iterator[Message]:
        self.now_ms += MINUTE_MS
        parsed = Config.parse({"app_api_key": "k", **self.config, **config})
        states, clock = dict(self.downstream.states), lambda: self.now_ms
        return apart(read(self.api, parsed, self.streams, states, clock, self.overwritten))

    def run(self, **config: object) -> list[Message]:
        return self.downstream.take(self.started(**config))


def records(messages: Sequence[Message], stream: str = MEMBERSHIPS) -> list[Mapping[str, Any]]:
    return [each.data for each in messages if isinstance(each, Record) and each.stream == stream]


def warnings(messages: Sequence[Message]) -> list[str]:
    return [each.text for each in messages if isinstance(each, Log) and each.level == "WARN"]


def ending(messages: Sequence[Message]) -> dict[str, str]:
    return {each.stream: each.status.value for each in messages if isinstance(each, Status)}


@pytest.fixture
def api() -> FakeCustomerio:
    api = FakeCustomerio(names={7: "Cart", 8: "VIP"})
    api.enter(7, "0300", "30e00001", "a3")
    api.enter(8, "a3")
    return api


def test_a_first_read_tells_every_member_with_unknown_entry(api: FakeCustomerio) -> None:
    told = records(Sync(api).run())

    assert [(row["segment_id"], row["cio_id"]) for row in told] == [
        (7, "0300"),
        (7, "30e00001"),
        (7, "a3"),
        (8, "a3"),
    ]
    assert told[0] == {
        "segment_id": 7,
        "segment_name": "Cart",
        "cio_id": "0300",
        "id": "u-0300",
        "email": "0300@example.com",
        "status": "member",
        "entered_at": None,
        "exited_at": None,
        "previous_email": None,
        "previous_id": None,
        "changed_at": "2026-11-26T03:01:00.000Z",
        "_ab_cdc_updated_at": "2026-11-26T03:01:00.000Z",
        "_ab_cdc_deleted_at": None,
    }


def test_people_are_told_before_memberships_whatever_the_order_asked_for(
    api: FakeCustomerio,
) -> None:
    messages = Sync(api, SYNCS, MEMBERSHIPS, PROFILES, "segments").run()

    streams = [each.stream for each in messages if isinstance(each, Record)]
    assert list(dict.fromkeys(streams)) == ["segments", PROFILES, MEMBERSHIPS, SYNCS]


def test_pages_are_read_once_for_all_streams(api: FakeCustomerio) -> None:
    Sync(api, SYNCS, MEMBERSHIPS, PROFILES, "segments").run()

    assert api.asked.count("membership 7") == 1
    assert api.asked.count("count 7") == 1


def test_an_entry_tells_when_and_an_exit_repeats_it_with_the_last_identifiers(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api)
    sync.run()
    api.enter(7, "b9")
    entered = records(sync.run())
    api.delete("b9")

    exited = records(sync.run())

    assert [row["entered_at"] for row in entered] == ["2026-11-26T03:02:00.000Z"]
    (row,) = exited
    assert (row["status"], row["email"], row["id"]) == ("exited", "b9@example.com", "u-b9")
    assert row["entered_at"] == "2026-11-26T03:02:00.000Z"
    assert row["exited_at"] == row["_ab_cdc_deleted_at"] == "2026-11-26T03:03:00.000Z"


def test_a_change_of_case_is_told_in_every_segment_with_the_address_before(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api)
    sync.run()
    api.people["a3"] = ("A3@example.com", "u-a3")

    told = records(sync.run())

    assert [(row["segment_id"], row["email"], row["previous_email"]) for row in told] == [
        (7, "A3@example.com", "a3@example.com"),
        (8, "A3@example.com", "a3@example.com"),
    ]
    assert {row["previous_id"] for row in told} == {None}


def test_a_renamed_segment_tells_nobody_again(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, PROFILES)
    sync.run()
    api.names[7] = "Cart, renamed"

    assert [each for each in sync.run() if isinstance(each, Record)] == []


def test_a_segment_named_in_the_settings_is_still_read_after_it_was_renamed(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, segments=["Cart"])
    sync.run()
    api.names[7] = "Renamed"
    api.enter(7, "b1")
    sync.run()
    api.enter(7, "b2")

    messages = sync.run()

    assert [(row["cio_id"], row["segment_name"]) for row in records(messages)] == [
        ("b2", "Renamed")
    ]
    assert "has been renamed" in warnings(messages)[0]


def test_records_stand_between_the_state_that_announces_and_the_one_that_covers_them(
    api: FakeCustomerio,
) -> None:
    kinds = [
        type(each)
        for each in Sync(api).run()
        if isinstance(each, State | Record) and each.stream == MEMBERSHIPS
    ]

    assert kinds == [State, Record, Record, Record, Record, State]


def test_a_person_announced_and_gone_before_the_next_run_is_told_as_an_exit(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api)
    first = sync.run()
    announcement = next(each for each in first if isinstance(each, State))
    sync.downstream.states = {MEMBERSHIPS: announcement.value}  # the run died here
    api.leave(7, "0300")

    told = records(sync.run())

    assert {row["cio_id"]: row["status"] for row in told if row["segment_id"] == 7} == {
        "0300": "exited",
        "30e00001": "member",
        "a3": "member",
    }


@pytest.mark.parametrize("states", [["build"], ["finished", "build"], ["events", "finished"]])
def test_a_segment_that_is_rebuilding_loses_nobody(api: FakeCustomerio, states: list[str]) -> None:
    sync = Sync(api, MEMBERSHIPS, PROFILES)
    sync.run()
    api.states[7] = states
    api.leave(7, "0300")
    api.enter(7, "b1")

    messages = sync.run()

    assert [row["cio_id"] for row in records(messages)] == ["b1"]
    assert [row["cio_id"] for row in records(messages, PROFILES)] == ["b1"]
    (warning,) = warnings(messages)
    assert "Exits of segment 7 are held" in warning
    assert set(ending(messages).values()) == {"COMPLETE"}


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_a_refresh_that_overwrites_is_not_complete_without_a_whole_segment(
    api: FakeCustomerio, stream: str
) -> None:
    sync = Sync(api, stream)
    sync.overwritten = [stream]
    api.states[7] = ["build"]

    partial, still = sync.run(), sync.run()
    api.states[7] = ["finished"]
    whole = sync.run()

    assert [ending(each) for each in (partial, still)] == [{stream: "INCOMPLETE"}] * 2
    (trouble,) = (each.error for each in partial if isinstance(each, Trouble))
    assert trouble.fault is Fault.TRANSIENT
    assert "members of segments 7, " in trouble.message
    assert len(records(partial, stream)) == (4 if stream == MEMBERSHIPS else 3)
    assert ending(whole) == {stream: "COMPLETE"}


def test_a_refresh_that_overwrites_is_complete_when_the_operator_releases_a_count(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api)
    sync.overwritten = [MEMBERSHIPS]
    api.counts[7] = 100

    disagreeing, released = sync.run(), sync.run(release_segments=["Cart"])

    assert ending(disagreeing) == {MEMBERSHIPS: "INCOMPLETE"}
    assert ending(released) == {MEMBERSHIPS: "COMPLETE"}


def test_a_mass_exit_leaves_a_refresh_that_overwrites_complete(api: FakeCustomerio) -> None:
    sync = Sync(api, max_exit_minimum=2)
    sync.overwritten = [MEMBERSHIPS]
    sync.run()
    api.leave(7, "0300", "30e00001")

    assert ending(sync.run()) == {MEMBERSHIPS: "COMPLETE"}


def test_held_exits_come_out_once_when_the_gate_opens(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, PROFILES)
    sync.run()
    api.delete("0300")
    api.counts[7] = 100
    held = sync.run()
    del api.counts[7]

    opened, after = sync.run(), sync.run()

    assert records(held) == []
    assert "release_segments" in warnings(held)[0]
    (row,) = records(opened)
    assert (row["cio_id"], row["email"], row["status"]) == ("0300", "0300@example.com", "exited")
    assert [row["cio_id"] for row in records(opened, PROFILES)] == ["0300"]
    assert records(after) == []


def test_a_mass_exit_waits_for_its_release(api: FakeCustomerio) -> None:
    sync = Sync(api, max_exit_minimum=2)
    sync.run()
    api.leave(7, "0300", "30e00001")

    held, released = sync.run(), sync.run(release_segments=["Cart"])

    assert records(held) == []
    assert "max_exit_percent" in warnings(held)[0]
    assert [row["status"] for row in records(released)] == ["exited", "exited"]


def test_a_segment_that_fails_half_way_leaves_the_others_and_ends_incomplete(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, SYNCS, MEMBERSHIPS, PROFILES)
    sync.run()
    api.unreadable = {7}
    api.leave(7, "a3")
    api.enter(8, "b1")
    failed = sync.run()
    api.unreadable = set()

    healed = sync.run()

    assert [(row["segment_id"], row["cio_id"]) for row in records(failed)] == [(8, "b1")]
    assert ending(failed) == dict.fromkeys([MEMBERSHIPS, PROFILES, SYNCS], "INCOMPLETE")
    assert [each.stream for each in failed if isinstance(each, Trouble)] == [
        PROFILES,
        MEMBERSHIPS,
        SYNCS,
    ]
    assert isinstance(failed[-2], Trouble)
    rows = {row["segment_id"]: row for row in records(failed, SYNCS)}
    assert (rows[7]["held"], rows[7]["held_reason"]) == (True, "unreadable")
    assert [(row["cio_id"], row["status"]) for row in records(healed)] == [("a3", "exited")]
    assert set(ending(healed).values()) == {"COMPLETE"}


def test_a_member_without_cio_id_makes_the_segment_unreadable(api: FakeCustomerio) -> None:
    api.enter(7, "x")
    api.people[""] = (None, None)
    api.members[7].append("")

    messages = Sync(api).run()

    assert {row["segment_id"] for row in records(messages)} == {8}
    (trouble,) = (each for each in messages if isinstance(each, Trouble))
    assert trouble.error.fault is Fault.SYSTEM


def test_a_segment_that_is_gone_keeps_its_members(api: FakeCustomerio) -> None:
    sync = Sync(api)
    sync.run()
    del api.members[7]

    messages = sync.run()

    assert records(messages) == []
    assert "on_segment_gone" in warnings(messages)[0]
    assert set(ending(messages).values()) == {"COMPLETE"}


def test_members_of_a_gone_segment_leave_when_the_operator_says_so(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, PROFILES, on_segment_gone="exit_all", max_exit_minimum=0)
    sync.run()
    del api.members[7]

    messages, after = sync.run(), sync.run()

    assert {(row["cio_id"], row["status"]) for row in records(messages)} == {
        ("0300", "exited"),
        ("30e00001", "exited"),
        ("a3", "exited"),
    }
    profiles = {row["cio_id"]: row["segment_ids"] for row in records(messages, PROFILES)}
    assert profiles == {"0300": [], "30e00001": [], "a3": [8]}
    assert [each for each in after if isinstance(each, Record)] == []
    assert warnings(after) == []


def test_an_empty_list_of_segments_expels_nobody_whose_segment_answers(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, on_segment_gone="exit_all")
    sync.run()
    hidden, api.segments = api.segments, list  # type: ignore[method-assign]  # the list fails

    messages = sync.run()
    api.segments = hidden  # type: ignore[method-assign]  # and works again

    assert records(messages) == []
    assert records(sync.run()) == []


def test_a_segment_nobody_knows_ends_every_stream_in_words(api: FakeCustomerio) -> None:
    messages = Sync(api, MEMBERSHIPS, PROFILES, segments=["Nobody's"]).run()

    troubles = [each for each in messages if isinstance(each, Trouble)]
    assert [each.stream for each in troubles] == [PROFILES, MEMBERSHIPS]
    assert {each.error.fault for each in troubles} == {Fault.CONFIG}
    assert set(ending(messages).values()) == {"INCOMPLETE"}


def test_a_state_that_cannot_be_read_asks_nothing_of_customerio(api: FakeCustomerio) -> None:
    sync = Sync(api)
    sync.downstream.states[MEMBERSHIPS] = {"version": 9}

    with pytest.raises(ConnectorError, match="version 9"):
        sync.run()
    assert api.asked == []


def test_a_segment_that_is_not_due_is_not_read_and_keeps_its_members(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, PROFILES, cadence=[{"segment": "Cart", "every_minutes": 3}])
    sync.run()
    api.leave(7, "0300")
    api.asked.clear()

    second = sync.run()
    assert "membership 7" not in api.asked
    third, fourth = sync.run(), sync.run()

    assert [len(records(each)) for each in (second, third, fourth)] == [0, 0, 1]


def test_an_edited_definition_is_told_once(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, SYNCS)
    sync.run()
    api.conditions[7] = {"and": [{"attribute": {"field": "plan"}}]}

    edited, after = sync.run(), sync.run()

    assert "conditions of segment 7 have been edited" in warnings(edited)[0]
    assert [row["definition_changed"] for row in records(edited, SYNCS)] == [True, False]
    assert [row["definition_changed"] for row in records(after, SYNCS)] == [False, False]
    assert warnings(after) == []


def test_a_row_per_segment_and_sync_tells_how_it_went(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, SYNCS, max_exit_minimum=0, max_exit_percent=10)
    sync.run()
    api.leave(7, "0300")
    api.enter(7, "b1")

    row = records(sync.run(), SYNCS)[0]

    assert {**row, "definition_hash": None} == {
        "segment_id": 7,
        "segment_name": "Cart",
        "synced_at": "2026-11-26T03:02:00.000Z",
        "state": "finished",
        "reported_count": 3,
        "members_read": 3,
        "entered": 1,
        "exited": 0,
        "changed": 0,
        "held": True,
        "held_reason": "mass_exit",
        "held_exits": 1,
        "definition_hash": None,
        "definition_changed": False,
        "duration_seconds": 0.0,
    }


@pytest.mark.parametrize("lost", [MEMBERSHIPS, PROFILES, "neither"])
def test_a_row_shows_exits_held_in_either_stream(api: FakeCustomerio, lost: str) -> None:
    api.enter(7, *(f"b{number}" for number in range(7)))
    sync = Sync(api, MEMBERSHIPS, PROFILES, SYNCS, max_exit_minimum=0, max_exit_percent=10)
    sync.run()
    api.leave(7, "0300", "b1")
    sync.downstream.states.pop(lost, None)

    row = records(sync.run(), SYNCS)[0]

    assert (row["held"], row["held_reason"], row["held_exits"]) == (True, "mass_exit", 2)
    assert row["entered"] == (8 if lost == MEMBERSHIPS else 0)


def test_a_row_tells_of_profiles_where_memberships_are_not_read(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES, SYNCS, max_exit_minimum=0, max_exit_percent=10)
    sync.run()
    api.leave(7, "0300")
    api.enter(7, "b1")

    row = records(sync.run(), SYNCS)[0]

    assert (row["entered"], row["exited"], row["held_reason"], row["held_exits"]) == (
        1,
        0,
        "mass_exit",
        1,
    )


def test_a_profile_shows_segments_and_selected_attributes_as_columns(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES, segments=["7", "VIP"], attributes=["plan", "phone", "email"])

    row = {each["cio_id"]: each for each in records(sync.run(), PROFILES)}["0300"]

    assert row["attributes"] == {"plan": "pro", "phone": None, "email": None}
    assert (row["plan"], row["phone"], row["email"]) == ("pro", None, "0300@example.com")
    assert (row["in_segment_7"], row["in_segment_8"]) == (True, False)
    assert (row["segment_ids"], row["segment_names"]) == ([7], ["Cart"])


def test_a_profile_is_told_again_when_what_it_shows_changed(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    api.attributes_of["0300"] = {"plan": "free", "_last_emailed": "1"}
    told = records(sync.run(), PROFILES)
    api.attributes_of["0300"] = {"plan": "free", "_last_emailed": "2"}

    bookkeeping = records(sync.run(), PROFILES)

    assert [(row["cio_id"], row["attributes"]["plan"]) for row in told] == [("0300", "free")]
    assert bookkeeping == []


def test_attributes_are_read_again_only_when_old_enough(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES, attribute_refresh_minutes=2)
    sync.run()
    api.enter(7, "b1")
    api.asked.clear()

    sync.run()
    assert [each for each in api.asked if each.startswith("attributes")] == ["attributes of 1"]
    api.asked.clear()
    sync.run()

    assert [each for each in api.asked if each.startswith("attributes")] == ["attributes of 3"]


def test_a_member_without_attributes_is_left_as_it_was(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    whole = api.attributes

    api.attributes = lambda batches: ((batch, []) for batch in batches)  # type: ignore[method-assign]  # all deleted between the reads
    nobody = records(sync.run(), PROFILES)
    api.attributes = whole  # type: ignore[method-assign]  # and nobody really was

    assert nobody == []
    assert records(sync.run(), PROFILES) == []


def test_leaving_one_of_two_segments_tells_the_profile_again(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    api.leave(7, "a3")

    (row,) = records(sync.run(), PROFILES)

    assert (row["cio_id"], row["segment_ids"], row["_ab_cdc_deleted_at"]) == ("a3", [8], None)


def test_a_segment_no_longer_selected_lets_its_people_leave_the_audience(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, PROFILES)
    sync.run()

    told = records(sync.run(segments=["8"]), PROFILES)

    left = {row["cio_id"] for row in told if row["_ab_cdc_deleted_at"]}
    assert left == {"0300", "30e00001"}
    assert {row["cio_id"]: row["segment_ids"] for row in told} == {
        "0300": [],
        "30e00001": [],
        "a3": [8],
    }


def test_an_identifier_that_changed_during_the_sync_is_told_as_a_chain(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    pages = api.membership

    def rename_after_reading(segment_id: int) -> Any:
        yield from pages(segment_id)
        if segment_id == 8:
            api.people["a3"] = ("later@example.com", "u-a3")

    api.membership = rename_after_reading  # type: ignore[method-assign]  # a change between two reads
    api.people["a3"] = ("sooner@example.com", "u-a3")

    told = records(sync.run(), PROFILES)

    assert [(row["email"], row["previous_email"]) for row in told] == [
        ("sooner@example.com", "a3@example.com"),
        ("later@example.com", "sooner@example.com"),
    ]
    assert records(sync.run(), PROFILES) == []


def test_attributes_that_cannot_be_read_leave_a_state_and_the_next_run_goes_on(
    api: FakeCustomerio,
) -> None:
    for number in range(250):
        api.enter(7, f"c{number}")
    sync = Sync(api, PROFILES)
    api.fails_attributes_after = 1
    broken = sync.run()
    api.fails_attributes_after = None
    healed = sync.run()

    first = {row["cio_id"] for row in records(broken, PROFILES)}
    second = {row["cio_id"] for row in records(healed, PROFILES)}
    assert ending(broken) == {PROFILES: "INCOMPLETE"}
    assert isinstance(broken[-3], State)
    assert len(first) == 100
    assert first.isdisjoint(second)
    assert len(first | second) == 253


@pytest.fixture
def digests(api: FakeCustomerio) -> Sync:
    """A workspace that has been read once into a state without identifiers."""
    sync = Sync(api, MEMBERSHIPS, PROFILES, max_state_megabytes=0.000_001)
    sync.run()
    assert sync.downstream.states[MEMBERSHIPS]["form"] == "digests"
    return sync


def test_above_the_size_limit_exits_and_changes_are_still_told_once(
    api: FakeCustomerio, digests: Sync
) -> None:
    api.leave(7, "0300")
    api.rename("a3", "new@example.com", digests.now_ms // 1000)

    messages, after = digests.run(), digests.run()

    told = [(row["cio_id"], row["status"], row["email"]) for row in records(messages)]
    assert told == [
        ("0300", "exited", "0300@example.com"),
        ("a3", "member", "new@example.com"),
        ("a3", "member", "new@example.com"),
    ]
    assert {row["previous_email"] for row in records(messages)} == {None, "a3@example.com"}
    profiles = {row["cio_id"]: row for row in records(messages, PROFILES)}
    assert profiles["0300"]["email"] == "0300@example.com"
    assert profiles["a3"]["previous_email"] == "a3@example.com"
    assert [each for each in after if isinstance(each, Record)] == []


@pytest.mark.parametrize("kind", ["profile_delete", "profile_merge"])
def test_above_the_size_limit_a_person_who_is_gone_is_found_in_the_activity_log(
    api: FakeCustomerio, digests: Sync, kind: str
) -> None:
    api.delete("0300", kind)

    messages = digests.run()

    for row in records(messages) + records(messages, PROFILES):
        assert (row["email"], row["id"]) == ("0300@example.com", "u-0300")
    assert warnings(messages) == []


def test_above_the_size_limit_a_person_renamed_and_gone_is_told_by_both_names(
    api: FakeCustomerio, digests: Sync
) -> None:
    api.rename("0300", "between@example.com", digests.now_ms // 1000)
    api.rename("0300", "last@example.com", digests.now_ms // 1000)
    api.delete("0300")

    (row,) = records(digests.run())

    assert (row["email"], row["previous_email"]) == ("last@example.com", "0300@example.com")


def test_above_the_size_limit_an_exit_of_nobody_anybody_knows_is_still_told_and_counted(
    api: FakeCustomerio, digests: Sync
) -> None:
    api.delete("0300")
    api.log.clear()

    messages = digests.run()

    (row,) = records(messages)
    assert (row["cio_id"], row["status"], row["email"]) == ("0300", "exited", None)
    assert warnings(messages)[0].startswith("1 people exit profiles with their cio_id alone")


def test_above_the_size_limit_a_name_before_is_told_only_when_it_is_certain(
    api: FakeCustomerio, digests: Sync
) -> None:
    api.people["a3"] = ("silently@example.com", "u-a3")

    messages = digests.run()

    assert {(row["email"], row["previous_email"]) for row in records(messages)} == {
        ("silently@example.com", None)
    }
    for stream, text in zip((PROFILES, MEMBERSHIPS), warnings(messages), strict=True):
        assert text.startswith(f"1 people in {stream} have other identifiers than before")


def test_above_the_size_limit_a_name_before_is_found_among_older_ones(
    api: FakeCustomerio, digests: Sync
) -> None:
    at_s = digests.now_ms // 1000
    api.unreadable.add(8)  # and so the log is searched from its last read on
    api.rename("a3", "between@example.com", at_s + 60)
    digests.run()
    api.rename("a3", "last@example.com", at_s + 120)

    messages = digests.run()

    for row in records(messages) + records(messages, PROFILES):
        assert (row["email"], row["previous_email"]) == ("last@example.com", "between@example.com")


def test_above_the_size_limit_the_log_is_searched_so_far_and_no_further(
    api: FakeCustomerio, digests: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_PAGES", 2)
    for cio_id in ("30e00001", "b1", "0300"):
        api.enter(7, cio_id)
        api.delete(cio_id)

    messages = digests.run()

    told = {row["cio_id"]: row["email"] for row in records(messages)}
    assert told == {"0300": "0300@example.com", "30e00001": None}
    assert "in the last 50,000 entries of its activity log" in warnings(messages)[0]


def test_a_state_gets_identifiers_again_when_everybody_has_been_read(
    api: FakeCustomerio, digests: Sync
) -> None:
    cadence = [{"segment": "Cart", "every_minutes": 3}]
    forms = []
    for _ in range(3):
        digests.run(max_state_megabytes=2, cadence=cadence)
        forms.append(digests.downstream.states[MEMBERSHIPS]["form"])
    api.delete("0300")
    api.log.clear()

    (row,) = records(digests.run())

    assert forms == ["digests", "digests", "identifiers"]
    assert (row["cio_id"], row["email"]) == ("0300", "0300@example.com")


def test_states_go_out_at_segment_boundaries_at_most_twice_a_minute(api: FakeCustomerio) -> None:
    for segment in range(20, 30):
        api.enter(segment, "a3")
    sync = Sync(api)
    now_ms = BEGINNING_MS

    def clock() -> int:
        nonlocal now_ms
        now_ms += 6_000
        return now_ms

    config = Config.parse({"app_api_key": "k"})
    messages = list(apart(read(api, config, [MEMBERSHIPS], {}, clock)))

    boundaries = [
        (before.data["segment_id"], after.data["segment_id"])
        for before, state, after in zip(messages, messages[1:], messages[2:], strict=False)
        if isinstance(before, Record) and isinstance(state, State) and isinstance(after, Record)
    ]
    assert boundaries
    assert all(one != two for one, two in boundaries)
    states = [each.value for each in messages if isinstance(each, State)]
    assert all(one != two for one, two in pairwise(states))
    assert sync.downstream.rows == {}


@pytest.mark.parametrize("stream", [MEMBERSHIPS, PROFILES])
def test_no_state_goes_out_twice_however_slow_the_sync(api: FakeCustomerio, stream: str) -> None:
    now_ms = BEGINNING_MS

    def clock() -> int:
        nonlocal now_ms
        now_ms += 31_000
        return now_ms

    messages = read(api, Config.parse({"app_api_key": "k"}), [stream], {}, clock)

    states = [each.value for each in messages if isinstance(each, State)]
    assert len(states) > 2
    assert all(one != two for one, two in pairwise(states))


@pytest.mark.parametrize("trouble", ["unreadable", "not due", "held"])
def test_new_address_goes_out_for_segments_too_that_do_not_show_it(
    api: FakeCustomerio, trouble: str
) -> None:
    """The snapshot knows one identity of a person: what is not told now is never told."""
    sync = Sync(api, cadence=[{"segment": "8", "every_minutes": 60}] * (trouble == "not due"))
    sync.run()
    api.rename("a3", "new@example.com", 0)
    if trouble == "unreadable":
        api.unreadable.add(8)
    elif trouble == "held":
        api.leave(8, "a3")
        api.counts[8] = 50
    told = records(sync.run())

    assert [(r["segment_id"], r["email"], r["previous_email"], r["status"]) for r in told] == [
        (7, "new@example.com", "a3@example.com", "member"),
        (8, "new@example.com", "a3@example.com", "member"),
    ]


def test_new_address_of_an_unread_segment_is_told_once(api: FakeCustomerio) -> None:
    sync = Sync(api)
    sync.run()
    api.rename("a3", "new@example.com", 0)
    api.unreadable.add(8)
    sync.run()
    api.unreadable.clear()

    assert records(sync.run()) == []


def test_people_told_twice_by_pages_begun_again_count_once(api: FakeCustomerio) -> None:
    sync = Sync(api, MEMBERSHIPS, SYNCS)
    api.enter(7, *(f"b{number}" for number in range(5)))
    sync.run()
    api.begun_again.add(7)
    api.leave(7, "a3")
    told = sync.run()

    assert [row["cio_id"] for row in records(told)] == ["a3"]
    (row,) = (row for row in records(told, SYNCS) if row["segment_id"] == 7)
    assert (row["members_read"], row["held_reason"]) == (7, None)
