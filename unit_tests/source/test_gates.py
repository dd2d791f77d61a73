"""When exits are believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from source_customerio_segments.segments.gates import Facts, Hold, Limits, advice, agrees, judge

LIMITS = Limits(percent=50, minimum=100)
GOOD = Facts(
    finished=True,
    redefined=False,
    listed=True,
    reported=990,
    read=990,
    before=1000,
    exits=10,
    released=False,
)


def test_exits_of_a_segment_read_whole_are_believed() -> None:
    assert judge(GOOD, LIMITS) is None


@pytest.mark.parametrize(
    ("facts", "hold"),
    [
        (replace(GOOD, finished=False), Hold.REBUILDING),
        (replace(GOOD, redefined=True), Hold.REDEFINED),
        (replace(GOOD, listed=False), Hold.NOT_LISTED),
        (replace(GOOD, reported=1001), Hold.COUNT),
        (replace(GOOD, reported=979), Hold.COUNT),
        (replace(GOOD, reported=1, read=0), Hold.COUNT),
        (replace(GOOD, exits=501), Hold.MASS_EXIT),
        (replace(GOOD, exits=1000, reported=0, read=0), Hold.MASS_EXIT),
    ],
)
def test_doubt_holds_the_exits(facts: Facts, hold: Hold) -> None:
    assert judge(facts, LIMITS) is hold


@pytest.mark.parametrize(
    "facts",
    [
        replace(GOOD, exits=500),
        replace(GOOD, before=99, exits=99),
        replace(GOOD, exits=501, released=True),
        replace(GOOD, reported=2000, released=True),
        replace(GOOD, reported=999),
    ],
)
def test_what_is_within_the_limits_or_released_is_believed(facts: Facts) -> None:
    assert judge(facts, LIMITS) is None


@pytest.mark.parametrize("field", [{"finished": False}, {"listed": False}, {"redefined": True}])
def test_a_release_does_not_make_an_incomplete_read_whole(field: dict[str, bool]) -> None:
    assert judge(replace(GOOD, released=True, **field), LIMITS) is not None


def test_a_limit_of_no_percent_holds_any_exit_above_the_minimum() -> None:
    assert judge(replace(GOOD, exits=1), Limits(0, 0)) is Hold.MASS_EXIT
    assert judge(replace(GOOD, exits=0), Limits(0, 0)) is None


@pytest.mark.parametrize(
    ("read", "reported", "expected"),
    [(0, 0, True), (2, 0, True), (3, 0, False), (0, 1, False), (8, 10, True), (7, 10, False)],
)
def test_small_counts_agree_within_two_people(read: int, reported: int, *, expected: bool) -> None:
    assert agrees(read, reported) is expected


@pytest.mark.parametrize("hold", list(Hold))
def test_every_hold_has_its_advice(hold: Hold) -> None:
    assert advice(hold)
