"""How long to wait, how often to try, and what is said at the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_customerio_segments.api.retries import (
    ATTEMPTS,
    AgainError,
    Patience,
    backoff_s,
    retry_after_s,
    retrying,
)
from source_customerio_segments.errors import Fault, Verdict, judge

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("86400", 300),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 1),
        ("soon", None),
        ("", None),
        ("-3", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_clamped(
    header: str | None, expected: float | None
) -> None:
    assert retry_after_s(header, NOW) == expected


def test_retry_after_date_means_nothing_without_the_servers_clock() -> None:
    assert retry_after_s("Wed, 21 Oct 2026 07:28:30 GMT", None) is None


@given(st.integers(1, 100), st.floats(0, 1))
def test_backoff_grows_to_a_minute_and_is_spread_over_half_of_it(
    attempt: int, chance: float
) -> None:
    assert 0.5 <= backoff_s(attempt, 1) <= backoff_s(attempt, chance) <= backoff_s(attempt, 0) <= 60
    assert backoff_s(attempt, chance) <= backoff_s(attempt + 1, chance)


@pytest.mark.parametrize("patience", Patience)
def test_patience_ends(patience: Patience) -> None:
    tried: list[None] = []

    def fail() -> None:
        tried.append(None)
        raise AgainError("answered 429", patience, 1 if patience is Patience.BUSY else None)

    with pytest.raises(AgainError):
        retrying(lambda _: None, lambda _: None)(fail)
    assert len(tried) == ATTEMPTS[patience]


@pytest.mark.parametrize(
    ("patience", "shared"), [(Patience.QUOTA, True), (Patience.ACCIDENT, False)]
)
def test_wait_for_the_quota_is_everyones_an_accident_is_not(
    patience: Patience, *, shared: bool
) -> None:
    slept: list[float] = []
    held: list[float] = []
    answers = iter([AgainError("answered 429", patience), None])

    def once() -> None:
        if error := next(answers):
            raise error

    retrying(slept.append, held.append)(once)

    assert held == (slept if shared else [])
    assert 0.5 <= slept[0] <= 1


def test_other_errors_are_not_repeated() -> None:
    slept: list[float] = []

    def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        retrying(slept.append, slept.append)(fail)
    assert slept == []


def test_end_of_patience_speaks_of_the_quota_only_when_it_is_that() -> None:
    quota = AgainError("answered 429", Patience.QUOTA).for_good("a batch of profiles")
    accident = AgainError("answered 503", Patience.ACCIDENT).for_good("a batch of profiles")

    assert quota.fault is accident.fault is Fault.TRANSIENT
    assert "quota" in quota.message
    assert "quota" not in accident.message
    assert "503" in accident.message


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPT),
        (204, Verdict.STOP),
        (302, Verdict.STOP),
        (400, Verdict.STOP),
        (401, Verdict.REFUSED),
        (403, Verdict.REFUSED),
        (404, Verdict.GONE),
        (408, Verdict.RETRY),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (524, Verdict.RETRY),
    ],
)
def test_status_is_judged_by_one_table(status: int, verdict: Verdict) -> None:
    assert judge(status) is verdict
