"""Laws of the reader: whatever happens to people, runs and gates, downstream ends up true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from source_customerio_segments.changes import Message
from source_customerio_segments.config import Config
from source_customerio_segments.reader import read
from source_customerio_segments.streams.batches import apart
from unit_tests.source.downstream import Downstream
from unit_tests.source.fake_customerio import FakeCustomerio

STREAMS = ["segment_memberships", "profiles"]
SEGMENTS = [1, 2]
PEOPLE = ["0300", "30e00001", "ä"]
BEGINNING_MS = 1_795_662_000_000

Step = Callable[[FakeCustomerio], None]


def settings_of(**more: object) -> Config:
    return Config.parse({"app_api_key": "k", "max_exit_percent": 100, **more})


def _enter(segment: int, cio_id: str) -> Step:
    return lambda api: api.enter(segment, cio_id)


def _leave(segment: int, cio_id: str) -> Step:
    return lambda api: api.leave(segment, cio_id)


def _rename(cio_id: str, number: int) -> Step:
    def rename(api: FakeCustomerio) -> None:
        if cio_id in api.people:
            api.people[cio_id] = (f"{cio_id}-{number}@example.com" if number else None, "u")

    return rename


def _set_plan(cio_id: str, plan: str) -> Step:
    def set_plan(api: FakeCustomerio) -> None:
        if cio_id in api.people:
            api.attributes_of[cio_id] = {"plan": plan, "_last_emailed": plan + "!"}

    return set_plan


def _delete(cio_id: str) -> Step:
    return lambda api: api.delete(cio_id)


def _show(cio_id: str, hidden: set[str]) -> Step:
    """Let pages leave out some of a person's identifiers; the attributes have all of them."""
    return lambda api: api.unshown.update({cio_id: hidden})


people, segments = st.sampled_from(PEOPLE), st.sampled_from(SEGMENTS)
steps = st.one_of(
    st.builds(_enter, segments, people),
    st.builds(_leave, segments, people),
    st.builds(_rename, people, st.integers(0, 2)),
    st.builds(_set_plan, people, st.sampled_from(["free", "pro"])),
    st.builds(_delete, people),
    st.builds(_show, people, st.sets(st.sampled_from(["email", "id"]))),
)
# What happens, after how many messages the run dies (or none), and where the clock goes.
runs = st.lists(
    st.tuples(
        st.lists(steps, max_size=4),
        st.one_of(st.none(), st.integers(0, 25)),
        st.integers(-60_000, 60_000),
    ),
    max_size=5,
)


class Clock:
    """Goes on by a little with every look, and wherever it is put."""

    def __init__(self) -> None:
        self.now_ms = BEGINNING_MS

    def __call__(self) -> int:
        self.now_ms += 7
        return self.now_ms


def workspace() -> FakeCustomerio:
    return FakeCustomerio(members={segment: [] for segment in SEGMENTS})


def sync(
    api: FakeCustomerio, downstream: Downstream, clock: Clock, config: Config
) -> Iterator[Message]:
    return apart(read(api, config, STREAMS, dict(downstream.states), clock))


def truth(api: FakeCustomerio) -> dict[tuple[int, str], tuple[str | None, str | None]]:
    return {
        (segment, cio_id): api.shown(cio_id)
        for segment, members in api.members.items()
        for cio_id in members
    }


def assert_true(downstream: Downstream, api: FakeCustomerio) -> None:
    members = downstream.present("segment_memberships")
    assert truth(api) == {key: (row["email"], row["id"]) for key, row in members.items()}
    profiles = downstream.present("profiles")
    inside = {cio_id for _, cio_id in truth(api)}
    assert {cio_id: api.people[cio_id] for cio_id in inside} == {
        key[0]: (row["email"], row["id"]) for key, row in profiles.items()
    }
    for (cio_id,), row in profiles.items():
        assert api.attributes_of[cio_id] == row["attributes"] or (
            api.attributes_of[cio_id].get("plan") == row["attributes"].get("plan")
        )
        assert {key for key, who in truth(api) if who == cio_id} == set(row["segment_ids"])
    by_email = {(key, email): cio_id for (key, cio_id), (email, _) in truth(api).items() if email}
    assert by_email == downstream.by_email.get("segment_memberships", {})


@settings(max_examples=60, deadline=None)
@given(runs)
def test_runs_that_die_anywhere_end_in_the_truth(happenings: list) -> None:  # type: ignore[type-arg]  # Hypothesis' value
    api, downstream, clock, config = workspace(), Downstream(), Clock(), settings_of()
    for changes, dies_after, drift_ms in happenings:
        for change in changes:
            change(api)
        clock.now_ms += drift_ms
        downstream.take(islice(sync(api, downstream, clock, config), dies_after))

    downstream.take(sync(api, downstream, clock, config))

    assert_true(downstream, api)


@settings(max_examples=25, deadline=None)
@given(runs)
def test_a_second_run_has_nothing_to_tell(happenings: list) -> None:  # type: ignore[type-arg]  # Hypothesis' value
    api, downstream, clock, config = workspace(), Downstream(), Clock(), settings_of()
    for changes, _, _ in happenings:
        for change in changes:
            change(api)
        downstream.take(sync(api, downstream, clock, config))
        states = dict(downstream.states)

        again = downstream.take(sync(api, downstream, clock, config))

        assert [each for each in again if type(each).__name__ == "Record"] == []
        assert sum(type(each).__name__ == "State" for each in again) <= 2
        assert [_without_times(each) for each in states.values()] == [
            _without_times(each) for each in downstream.states.values()
        ]
    assert downstream.superfluous == []


def _without_times(value: object) -> object:
    if not isinstance(value, dict):
        return value
    passing = {"read_at", "checksum"}
    return {key: _without_times(each) for key, each in value.items() if key not in passing}


@settings(max_examples=25, deadline=None)
@given(runs)
def test_runs_that_die_with_a_state_without_identifiers_end_in_the_true_members(
    happenings: list,  # type: ignore[type-arg]  # Hypothesis' value
) -> None:
    api, downstream, clock = workspace(), Downstream(), Clock()
    config = settings_of(max_state_megabytes=0.000_001)
    for changes, dies_after, drift_ms in happenings:
        for change in changes:
            change(api)
        clock.now_ms += drift_ms
        downstream.take(islice(sync(api, downstream, clock, config), dies_after))

    downstream.take(sync(api, downstream, clock, config))

    members = downstream.present("segment_memberships")
    assert {key: (row["email"], row["id"]) for key, row in members.items()} == truth(api)
    assert {key for (key,) in downstream.present("profiles")} == {key for _, key in truth(api)}


gates = st.lists(
    st.tuples(
        st.lists(steps, max_size=4),
        st.sets(segments),  # rebuilding
        st.sets(segments),  # counted wrongly
        st.sets(segments),  # cannot be read whole
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(gates)
def test_held_exits_come_out_exactly_once_whatever_the_gates_do(
    happenings: list,  # type: ignore[type-arg]  # Hypothesis' value
) -> None:
    api, downstream, clock, config = workspace(), Downstream(), Clock(), settings_of()
    for changes, rebuilding, miscounted, unreadable in happenings:
        for change in changes:
            change(api)
        api.states = {segment: ["build"] for segment in rebuilding}
        api.counts = dict.fromkeys(miscounted, 99)
        api.unreadable = unreadable
        members = set(downstream.present("segment_memberships"))

        downstream.take(sync(api, downstream, clock, config))

        lost = members - set(downstream.present("segment_memberships"))
        assert {segment for segment, _ in lost}.isdisjoint(rebuilding | miscounted | unreadable)
    api.states, api.counts, api.unreadable = {}, {}, set()

    downstream.take(sync(api, downstream, clock, config))

    assert_true(downstream, api)
    assert downstream.superfluous == []


@settings(max_examples=60, deadline=None)
@given(runs)
def test_an_identifier_once_told_is_repeated_or_named_as_the_one_before(
    happenings: list,  # type: ignore[type-arg]  # Hypothesis' value
) -> None:
    api, downstream, clock, config = workspace(), Downstream(), Clock(), settings_of()
    for changes, _, drift_ms in happenings:
        for change in changes:
            change(api)
        clock.now_ms += drift_ms
        downstream.take(sync(api, downstream, clock, config))

    assert downstream.forgotten == []
    addresses = {(api.people[key][0],): key for _, key in truth(api) if api.people[key][0]}
    assert addresses == downstream.by_email.get("profiles", {})


FORMS: list[dict[str, object]] = [
    {},
    {"max_state_megabytes": 0.000_001},
    {"attribute_refresh_minutes": 1_000},
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(steps, max_size=4), st.sampled_from(FORMS)), max_size=5))
def test_whatever_form_the_state_had_everybody_leaves_with_every_identifier(
    happenings: list,  # type: ignore[type-arg]  # Hypothesis' value
) -> None:
    api, downstream, clock = workspace(), Downstream(), Clock()
    for changes, form in happenings:
        for change in changes:
            change(api)
        downstream.take(sync(api, downstream, clock, settings_of(**form)))
    downstream.take(sync(api, downstream, clock, settings_of()))
    last = {cio_id: api.people[cio_id] for _, cio_id in truth(api)}
    assert names(downstream.present("profiles")) == last
    for cio_id in PEOPLE:
        api.delete(cio_id)
    api.log.clear()

    downstream.take(sync(api, downstream, clock, settings_of()))

    assert downstream.present("profiles") == {}
    gone = names(downstream.rows.get("profiles", {}))
    assert {cio_id: gone[cio_id] for cio_id in last} == last


def names(profiles: dict[Any, Any]) -> dict[str, tuple[str | None, str | None]]:
    return {key: (row["email"], row["id"]) for (key,), row in profiles.items()}
