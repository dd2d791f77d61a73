"""REST or Bulk: by number, unless pace or what the day leaves says otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.salesforce.choice import (
    CALLS_OF_A_JOB,
    ROWS_OF_A_BATCH,
    SCARCE,
    Api,
    Conditions,
    Measured,
    choose,
)

TIMES = st.floats(0, 1000)
MEASURED = st.builds(Measured, st.integers(1, 100_000), TIMES)
PACE: st.SearchStrategy[dict[Api, Measured]] = st.dictionaries(
    st.sampled_from(["REST", "Bulk API"]), MEASURED
)
LEFT = st.none() | st.integers(0, 100_000)


def auto(
    rows: int,
    *,
    rest: Measured | None = None,
    bulk: Measured | None = None,
    calls: int | None = None,
    batches: int | None = None,
) -> str:
    measured: dict[Api, Measured | None] = {"REST": rest, "Bulk API": bulk}
    pace = {api: each for api, each in measured.items() if each}
    return choose("auto", Conditions(rows, pace, calls, batches)).api


@pytest.mark.parametrize(
    ("rows", "expected"), [(1, "REST"), (1_999, "REST"), (2_000, "Bulk API"), (10**6, "Bulk API")]
)
def test_where_nothing_else_is_known_the_number_decides(rows: int, expected: str) -> None:
    assert auto(rows) == expected
    assert auto(rows, calls=10**6, batches=10**4) == expected


@given(st.integers(1, 10**6), PACE, LEFT, LEFT)
def test_what_is_configured_is_not_argued_with(
    rows: int, pace: dict[Api, Measured], calls: int | None, batches: int | None
) -> None:
    now = Conditions(rows, pace, calls, batches)

    assert choose("rest", now).api == "REST"
    assert choose("bulk", now).api == "Bulk API"


@given(st.integers(1, 10**6), PACE, LEFT, st.integers(0, 100))
def test_bulk_is_never_chosen_beyond_the_batches_left(
    rows: int, pace: dict[Api, Measured], calls: int | None, batches: int
) -> None:
    choice = choose("auto", Conditions(rows, pace, calls, batches))

    assert choice.api == "REST" or rows <= batches * ROWS_OF_A_BATCH
    assert choice.reason


@given(st.integers(1, 10**6), PACE, st.integers(0, CALLS_OF_A_JOB * SCARCE - 1))
def test_where_calls_are_scarce_the_way_of_fewer_calls_is_taken(
    rows: int, pace: dict[Api, Measured], calls: int
) -> None:
    rest = -(-rows // 1000)

    if rest != CALLS_OF_A_JOB:
        chosen = choose("auto", Conditions(rows, pace, calls)).api
        assert chosen == ("REST" if rest < CALLS_OF_A_JOB else "Bulk API")


def test_a_way_that_is_clearly_quicker_is_taken() -> None:
    slow, quick = Measured(5_000, 60.0), Measured(5_000, 20.0)

    assert auto(5_000, rest=quick, bulk=slow) == "REST"
    assert auto(1_500, rest=slow, bulk=quick) == "Bulk API"
    assert auto(5_000, rest=Measured(5_000, 25.0), bulk=Measured(5_000, 30.0)) == "Bulk API"
    assert auto(1_500, rest=Measured(5_000, 30.0), bulk=Measured(5_000, 25.0)) == "REST"


def test_one_pace_alone_says_nothing_and_one_call_is_never_worth_a_job() -> None:
    assert auto(5_000, rest=Measured(1_000, 0.001)) == "Bulk API"
    assert auto(1_000, rest=Measured(1_000, 500.0), bulk=Measured(1_000, 1.0)) == "REST"


def test_fewer_rows_are_not_expected_to_take_less_and_more_take_more() -> None:
    lately = Measured(1_000, 2.0)

    assert [lately.expect(rows) for rows in (10, 1_000, 5_000)] == [2.0, 2.0, 10.0]
