"""How many requests a workspace lets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.customerio.limiter import Limiter, Refusal


@given(st.lists(st.floats(0, 0.5), max_size=60), st.integers(1, 10))
def test_no_second_ever_sees_more_than_the_limit(gaps: list[float], per_second: int) -> None:
    limiter, now, admitted = Limiter(per_second), 0.0, []
    for gap in gaps:
        now += gap
        if limiter.admit(now) is None:
            admitted.append(now)

    for at in admitted:
        assert sum(at <= other < at + 1 for other in admitted) <= per_second


def test_a_refused_request_does_not_count_against_the_next() -> None:
    limiter = Limiter(1)
    refused = [limiter.admit(at) for at in (0.0, 0.5, 0.9, 1.0)]

    assert refused == [None, Refusal(1), Refusal(1), None]


def test_without_a_limit_everything_passes() -> None:
    limiter = Limiter(None)

    assert [limiter.admit(0.0) for _ in range(100)] == [None] * 100


def test_a_spent_quota_does_not_say_when_to_come_back() -> None:
    limiter = Limiter(None)
    limiter.quota_left = 2

    assert [limiter.admit(float(at)) for at in range(4)] == [None, None] + [Refusal(None)] * 2
