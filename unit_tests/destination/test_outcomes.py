"""A change has one outcome, whatever the answers on its rows."""

from destination_salesforce_intro.changes import Create, Delete, Result, Row, Update
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.salesforce.answers import Answer, Refusal
from destination_salesforce_intro.salesforce.outcomes import refuse, settle
from unit_tests.destination.builders import exit_, upsert

WHY = Refusal("STRING_TOO_LONG", "m")
STAYS, LEAVES = upsert("a"), exit_("a")
MADE = Create(STAYS, "Contact", "Key__c", {})
CHANGED = Update(STAYS, "Contact", "003", {})
CLEARED = Update(LEAVES, "Contact", "003", {})
REMOVED = Delete(LEAVES, "Contact", "003")


def result(*answers: Answer) -> Result:
    ((outcome,), again) = settle(answers)
    assert again == []
    return outcome.result


def stored(row: Row, *, created: bool = False) -> Answer:
    return Answer(row, None, created=created)


def test_what_was_stored_is_named_by_what_was_asked() -> None:
    assert result(stored(MADE, created=True)) is Result.CREATED
    assert result(stored(MADE)) is Result.UPDATED  # an upsert that found somebody
    assert result(stored(CHANGED)) is Result.UPDATED
    assert result(stored(CLEARED)) is Result.CLEARED
    assert result(stored(REMOVED)) is Result.DELETED


def test_what_held_already_is_unchanged_and_what_was_gone_is_deleted() -> None:
    assert result(Answer(MADE, Verdict.ACCEPT)) is Result.UNCHANGED
    assert result(Answer(REMOVED, Verdict.ACCEPT)) is Result.DELETED


def test_one_refused_row_refuses_the_change() -> None:
    rows = [stored(CHANGED), Answer(CHANGED, Verdict.REJECT, refusal=WHY)]

    assert result(*rows) is Result.REJECTED
    assert result(*rows, Answer(CHANGED, Verdict.LOOK_AGAIN, refusal=WHY)) is Result.REJECTED
    assert refuse(rows[1]).rejection is not None


def test_a_change_whose_record_moved_is_looked_up_again() -> None:
    unclear = Answer(CHANGED, Verdict.LOOK_AGAIN, refusal=WHY)

    assert settle([stored(CHANGED), unclear]) == ([], [unclear])
