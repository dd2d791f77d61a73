"""Events: every one, once, however late and however often the run breaks off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_customerio_segments.changes import (
    Activity,
    Log,
    Message,
    Record,
    State,
    Status,
    StreamStatus,
    Trouble,
)
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.events.progress import DAY_S, Progress, decode, encode
from source_customerio_segments.events.reader import read

NOW = 1_792_000_000
Json = Mapping[str, Any]


def event(number: int, at: int, name: str = "Order Completed") -> Activity:
    return Activity(f"01AK{number}", "event", name, at, "a3000001", "u-1", None, {"n": number})


class FakeLog:
    """An activity log that pages newest first, and may break after so many pages."""

    def __init__(self, *events: Activity, page: int = 2, breaks_after: int | None = None) -> None:
        self.events = list(events)
        self.page = page
        self.breaks_after = breaks_after
        self.pages_read = 0

    def activities(self, kind: str, name: str | None) -> Iterator[list[Activity]]:
        assert kind == "event"
        wanted = [each for each in self.events if name in {None, each.name}]
        newest_first = iter(sorted(wanted, key=lambda each: (each.timestamp, each.id))[::-1])
        while page := list(islice(newest_first, self.page)):
            if self.pages_read == self.breaks_after:
                raise ConnectorError("Customer.io is away.", Fault.TRANSIENT)
            self.pages_read += 1
            yield page


def sync(log: FakeLog, state: Json | None = None, now: int = NOW, **settings: Any) -> list[Message]:
    config = Config.parse({"app_api_key": "k", **settings})
    return list(read(log, config, state or {}, lambda: now * 1000))


def told(messages: list[Message]) -> list[str]:
    return [each.data["id"] for each in messages if isinstance(each, Record)]


def last_state(messages: list[Message]) -> Json:
    return [each.value for each in messages if isinstance(each, State)][-1]


def test_event_is_shown_with_its_payload_and_person() -> None:
    (record,) = (each for each in sync(FakeLog(event(1, NOW))) if isinstance(each, Record))

    assert record.data == {
        "id": "01AK1",
        "name": "Order Completed",
        "timestamp": "2026-10-14T17:46:40.000Z",
        "cio_id": "a3000001",
        "customer_id": "u-1",
        "email": None,
        "data": {"n": 1},
    }


def test_first_sync_reads_thirty_days_and_no_further() -> None:
    log = FakeLog(event(1, NOW), event(2, NOW - 29 * DAY_S), event(3, NOW - 31 * DAY_S))

    assert told(sync(log)) == ["01AK1", "01AK2"]


def test_first_sync_reads_from_the_start_date() -> None:
    log = FakeLog(event(1, NOW), event(2, NOW - 5 * DAY_S))

    assert told(sync(log, start_date="2026-10-12")) == ["01AK1"]


def test_unchanged_log_tells_nothing_again_and_no_state() -> None:
    log = FakeLog(*(event(n, NOW - n * 3600) for n in range(10)))
    first = sync(log)
    second = sync(log, last_state(first))

    assert len(told(first)) == 10
    assert told(second) == []
    assert not any(isinstance(each, State) for each in second)


def test_incremental_sync_reads_only_the_pages_it_must() -> None:
    log = FakeLog(*(event(n, NOW - n * 3600) for n in range(200)))
    state = last_state(sync(log))
    log.pages_read = 0
    sync(log, state)

    assert log.pages_read == 24 // 2 + 2  # a day back, and the page that shows it is over


def test_late_arrival_within_a_day_is_told_once() -> None:
    log = FakeLog(event(1, NOW))
    first = sync(log)
    log.events.append(event(2, NOW - 20 * 3600))
    second = sync(log, last_state(first))
    third = sync(log, last_state(second))

    assert (told(second), told(third)) == (["01AK2"], [])


def test_event_of_the_future_does_not_hide_the_present() -> None:
    log = FakeLog(event(1, NOW + 365 * DAY_S))
    first = sync(log)
    log.events.append(event(2, NOW + 60))

    assert told(sync(log, last_state(first), NOW + 120)) == ["01AK2"]


def test_selected_names_are_read_one_by_one_and_others_are_not() -> None:
    log = FakeLog(event(1, NOW, "A"), event(2, NOW, "B"), event(3, NOW, "C"))

    assert sorted(told(sync(log, events=["A", "C"]))) == ["01AK1", "01AK3"]


def test_name_selected_later_is_read_from_its_own_beginning() -> None:
    log = FakeLog(event(1, NOW, "A"), event(2, NOW - 9 * DAY_S, "B"))
    state = last_state(sync(log, events=["A"]))

    assert told(sync(log, state, events=["A", "B"])) == ["01AK2"]


def test_broken_run_ends_incomplete_with_what_it_told_and_the_next_tells_the_rest() -> None:
    log = FakeLog(*(event(n, NOW - n) for n in range(10)), breaks_after=2)
    first = sync(log)
    log.breaks_after = None
    second = sync(log, last_state(first))

    assert [type(each) for each in first[-3:]] == [State, Trouble, Status]
    assert first[-1] == Status("events", StreamStatus.INCOMPLETE)
    assert len(told(first)) == 4
    assert sorted(told(first) + told(second)) == sorted(each.id for each in log.events)


@given(
    st.lists(st.integers(0, 40 * DAY_S), max_size=30),
    st.lists(st.integers(0, DAY_S - 600), max_size=10),
    st.integers(0, 20),
)
def test_every_event_of_thirty_days_is_told_exactly_once_whatever_breaks(
    ages: list[int], late_ages: list[int], breaks_after: int
) -> None:
    early = [event(n, NOW - age) for n, age in enumerate(ages)]
    late = [event(100 + n, NOW - age) for n, age in enumerate(late_ages)]
    log = FakeLog(*early, breaks_after=breaks_after)
    state: Json = {}
    heard: list[str] = []
    for more in ([], late, []):
        log.events += more
        messages = sync(log, state, NOW)
        log.breaks_after = None
        heard += told(messages)
        state = last_state(messages) if any(isinstance(m, State) for m in messages) else state

    expected = [each.id for each in early + late if each.timestamp >= NOW - 30 * DAY_S]

    assert sorted(heard) == sorted(expected)


def test_long_run_leaves_states_on_its_way() -> None:
    log = FakeLog(*(event(n, NOW - n) for n in range(10)))
    times = iter(range(NOW * 1000, NOW * 1000 + 10**9, 20_000))
    config = Config.parse({"app_api_key": "k"})
    messages = list(read(log, config, {}, lambda: next(times)))

    states = [decode(each.value) for each in messages if isinstance(each, State)]

    assert len(states) > 2
    assert states[0].cursors == {}
    assert 0 < len(states[0].told) < len(states[-1].told) == 10
    assert any("events read, back to" in each.text for each in messages if isinstance(each, Log))


def test_sync_after_more_than_thirty_days_warns_of_the_gap() -> None:
    state = last_state(sync(FakeLog(event(1, NOW))))
    messages = sync(FakeLog(), state, NOW + 45 * DAY_S)
    (warning,) = (each for each in messages if isinstance(each, Log))

    assert "45 days ago" in warning.text


def test_state_remembers_a_bounded_number_of_events_and_says_so() -> None:
    log = FakeLog(*(event(n, NOW - n) for n in range(50)), page=100)
    messages = sync(log, max_state_megabytes=0.0002)

    assert len(decode(last_state(messages)).told) == 20
    assert any("30 events" in each.text for each in messages if isinstance(each, Log))


@given(
    st.dictionaries(st.text(max_size=5), st.integers(0, 2**33)),
    st.dictionaries(st.integers(0, 2**48 - 1), st.integers(0, 2**33)),
)
def test_state_round_trips(cursors: dict[str, int], seen: dict[int, int]) -> None:
    assert decode(encode(Progress(cursors, seen))) == Progress(cursors, seen)


def test_no_state_is_the_beginning() -> None:
    assert decode({}) == Progress()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"version": 9}, "version of the state of events, 9,"),
        ({"version": 1}, "damaged"),
        ({"version": 1, "cursors": {}, "told": "zAAAA"}, "damaged"),
        ({"version": 1, "cursors": [], "told": encode(Progress())["told"]}, "damaged"),
    ],
)
def test_state_that_is_not_ours_is_refused_before_anything_is_asked(
    state: Json, words: str
) -> None:
    config = Config.parse({"app_api_key": "k"})

    with pytest.raises(ConnectorError, match=words) as caught:
        read(FakeLog(), config, state, lambda: NOW * 1000)
    assert caught.value.fault is Fault.CONFIG


def test_hundred_thousand_events_of_a_day_fit_the_state() -> None:
    progress = Progress({"": NOW})
    for number in range(100_000):
        progress.tell(event(number, NOW - number % DAY_S))

    assert len(str(encode(progress))) < 1_000_000
