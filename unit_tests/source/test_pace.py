"""The rate limit as the server sees it: in any second, not on average."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_customerio_segments.api.pace import Pace


class FakeTime:
    """A clock that only sleeping moves, and that oversleeps as told."""

    def __init__(self, late_s: list[float] | None = None) -> None:
        self.now = 1_000.0
        self._late_s = late_s or [0.0]
        self._slept = 0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + self._late_s[self._slept % len(self._late_s)]
        self._slept += 1


def departures(pace: Pace, time: FakeTime, count: int) -> list[float]:
    sent = []
    for _ in range(count):
        pace.wait()
        sent.append(time.now)
    return sent


def most_in_a_second(times: list[float]) -> int:
    return max(sum(begin <= each < begin + 1 for each in times) for begin in times)


rates = st.floats(min_value=0.2, max_value=10)
lateness = st.lists(st.floats(min_value=0, max_value=0.5), min_size=1, max_size=20)


@given(rates, lateness)
def test_no_second_sees_more_than_allowed_however_late_threads_wake(
    rate: float, late_s: list[float]
) -> None:
    time = FakeTime(late_s)
    pace = Pace(rate, time.clock, time.sleep)

    assert most_in_a_second(departures(pace, time, 60)) <= math.ceil(rate)


@given(st.integers(1, 10), lateness, st.lists(st.floats(0, 0.034), min_size=60, max_size=60))
def test_no_second_sees_more_when_the_network_shifts_requests_by_less_than_the_margin(
    rate: int, late_s: list[float], on_the_way_s: list[float]
) -> None:
    time = FakeTime(late_s)
    sent = departures(Pace(rate, time.clock, time.sleep), time, 60)

    arrivals = [at + way for at, way in zip(sent, on_the_way_s, strict=True)]

    assert most_in_a_second(arrivals) <= rate


@pytest.mark.parametrize("rate", [0.5, 1, 8, 10])
def test_rate_reached_is_at_least_95_percent_of_the_one_allowed(rate: float) -> None:
    time = FakeTime()
    sent = departures(Pace(rate, time.clock, time.sleep), time, 200)

    assert 199 / (sent[-1] - sent[0]) >= 0.95 * rate


def test_first_request_leaves_at_once() -> None:
    time = FakeTime()

    assert departures(Pace(8, time.clock, time.sleep), time, 1) == [1_000.0]


def test_pause_is_no_credit_for_a_burst() -> None:
    time = FakeTime()
    pace = Pace(8, time.clock, time.sleep)
    departures(pace, time, 1)
    time.now += 3_600

    assert most_in_a_second(departures(pace, time, 30)) <= 8


def test_nothing_leaves_while_held() -> None:
    time = FakeTime()
    pace = Pace(8, time.clock, time.sleep)
    departures(pace, time, 3)
    pace.hold(30)
    pace.hold(2)  # a shorter one takes nothing back

    sent = departures(pace, time, 20)

    assert sent[0] >= 1_030
    assert most_in_a_second(sent) <= 8


def test_hold_that_comes_while_a_request_waits_holds_it_too() -> None:
    time = FakeTime()
    held: list[bool] = []

    def hold_once(seconds: float) -> None:
        if not held:
            held.append(True)
            pace.hold(10)
        time.sleep(seconds)

    pace = Pace(1, time.clock, hold_once)
    departures(pace, time, 1)

    assert departures(pace, time, 1)[0] >= 1_010
