"""What is refused for now goes again: everything once, cut where that may isolate a row."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Row, Update, Value
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import Answer, Refusal
from destination_salesforce_intro.salesforce.batches import (
    Batch,
    Target,
    batches,
    cut,
    parents,
    waves,
)
from destination_salesforce_intro.salesforce.composite import Part
from destination_salesforce_intro.salesforce.rounds import (
    MAX_WAITING,
    given_up,
    is_final,
    rearranged,
    stuck,
)
from unit_tests.destination.builders import upsert

TARGET = Target("update", "Contact", None)
LOCKED = Refusal("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
BROKEN = Refusal("UNKNOWN_EXCEPTION", "")


def update(number: int) -> Update:
    return Update(upsert(), "Contact", f"003{number:012d}AAA", {"Title": "t"})


def part(first: int, size: int, refused: int) -> Part:
    """A batch of which so many rows, the first ones, are refused for now."""
    batch = Batch(TARGET, tuple(update(n) for n in range(first, first + size)))
    answers = [
        Answer(row, Verdict.RETRY_SMALLER if place < refused else None, refusal=LOCKED)
        for place, row in enumerate(batch.rows)
    ]
    return Part(batch, answers)


@st.composite
def parts(draw: st.DrawFn) -> list[Part]:
    sizes = draw(st.lists(st.integers(1, 200), min_size=1, max_size=80))
    starts = [200 * place for place in range(len(sizes))]
    refused = [draw(st.sampled_from([1, size // 2, size])) for size in sizes]
    return [part(*each) for each in zip(starts, sizes, refused, strict=True)]


def ids(rows: Sequence[Row]) -> list[str]:
    return sorted(row.id for row in rows if isinstance(row, Update))


@given(parts())
def test_every_stuck_row_goes_again_once_and_no_round_is_unbounded(given_parts: list[Part]) -> None:
    left = [each for each in map(stuck, given_parts) if each]
    again = rearranged(left)
    whole = sum(len(each.answers) == len(each.batch.rows) for each in left)

    assert ids([answer.row for each in left for answer in each.answers]) == ids(
        [row for batch in again for row in batch.rows]
    )
    assert len(again) <= max(MAX_WAITING, whole + len(batches(r for b in again for r in b.rows)))


def test_what_was_refused_singly_goes_together_and_what_was_refused_whole_is_cut() -> None:
    given_parts = [part(0, 200, 1), part(200, 200, 2), part(400, 200, 200)]
    again = rearranged(filter(None, map(stuck, given_parts)))

    assert [len(batch.rows) for batch in again] == [3, *[40] * 5]


def test_a_round_is_never_blown_up_by_rows_that_are_all_stuck() -> None:
    """Two thousand rows of one locked campaign were sent five at a time."""
    waiting = [part(200 * n, 200, 200) for n in range(10)]
    calls = []
    for _ in range(8):
        again = rearranged(waiting)
        calls.append(-(-len(again) // 5))
        waiting = [
            Part(batch, [Answer(r, Verdict.RETRY, refusal=LOCKED) for r in batch.rows])
            for batch in again
        ]

    assert calls == [10] * 8


@given(st.integers(1, 200), st.integers(1, 7))
def test_a_cut_batch_keeps_its_rows_in_order_and_evenly(size: int, pieces: int) -> None:
    batch = Batch(TARGET, tuple(update(n) for n in range(size)))
    made = cut(batch, pieces)

    assert [row for each in made for row in each.rows] == list(batch.rows)
    assert len(made) <= pieces
    assert max(len(each.rows) for each in made) == -(-size // pieces)


@given(st.lists(st.integers(1, 6), max_size=20))
def test_a_record_that_comes_again_waits_for_a_later_wave(numbers: list[int]) -> None:
    rows = [update(number) for number in numbers]
    made = waves(rows)

    for number in range(1, 7):
        name = update(number).id
        mine = [[row for row in wave if isinstance(row, Update) if row.id == name] for wave in made]
        assert all(len(each) <= 1 for each in mine)
        in_order = [row for each in mine for row in each]
        assert [id(r) for r in in_order] == [id(r) for r in rows if r.id == name]
    assert sum(map(len, made)) == len(rows)


def answer(refusal: Refusal, verdict: Verdict = Verdict.RETRY) -> Answer:
    return Answer(update(1), verdict, refusal=refusal)


def test_a_row_that_breaks_salesforce_alone_is_refused() -> None:
    assert given_up(answer(BROKEN)).verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("refusal", "alone"),
    [
        (BROKEN, False),
        (LOCKED, True),
        (Refusal("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "caused by: UNABLE_TO_LOCK_ROW"), True),
        (Refusal("SERVER_UNAVAILABLE", ""), True),
    ],
)
def test_what_may_not_be_the_rows_fault_stops_the_sync_until_the_next(
    refusal: Refusal,
    alone: bool,  # noqa: FBT001  (a case of the table)
) -> None:
    with pytest.raises(ConnectorError) as caught:
        given_up(answer(refusal), alone=alone)

    assert caught.value.fault is Fault.TRANSIENT


def test_a_reason_that_all_rows_share_stops_at_once() -> None:
    with pytest.raises(ConnectorError, match="STORAGE_LIMIT_EXCEEDED"):
        is_final(answer(Refusal("STORAGE_LIMIT_EXCEEDED", ""), Verdict.STOP))


def test_parents_are_what_a_row_links_to() -> None:
    account = "001000000000001AAA"
    fields: dict[str, Value] = {
        "AccountId": account,
        "Owner.Key__c": "k",
        "Plan__c": "pro",
        "Cart_Value__c": 1.5,
    }

    assert parents(Update(upsert(), "Contact", "003", fields)) == (account, "k")
    assert parents(update(1)) == ()
