"""From Salesforce's answers on rows to the outcome of the change they were for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from destination_salesforce_intro.changes import (
    Change,
    Delete,
    Exit,
    Outcome,
    Result,
)
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.salesforce.verdicts import rejection

Settled = tuple[list[Outcome], list[Answer]]


def settle(answers: Iterable[Answer]) -> Settled:
    """Return one outcome per change, and the answers of changes that must be looked up again.

    A change with several rows is refused if one of them is, and stored when all are.
    """
    by_change: dict[int, list[Answer]] = {}
    for answer in answers:
        by_change.setdefault(id(answer.row.change), []).append(answer)
    words = [_word(group) for group in by_change.values()]
    outcomes = [word for word in words if isinstance(word, Outcome)]
    return outcomes, [word for word in words if isinstance(word, Answer)]


def _word(group: Sequence[Answer]) -> Outcome | Answer:
    verdicts = [answer.verdict for answer in group]
    if Verdict.REJECT in verdicts:
        return refuse(group[verdicts.index(Verdict.REJECT)])
    if Verdict.LOOK_AGAIN in verdicts:
        return group[verdicts.index(Verdict.LOOK_AGAIN)]
    change = group[0].row.change
    return Outcome(change, _result(change, group))


def refuse(answer: Answer) -> Outcome:
    """Return the outcome of a change that Salesforce refuses however often it is looked up."""
    return Outcome(answer.row.change, Result.REJECTED, rejection(answer.refusal))


def _result(change: Change, group: Sequence[Answer]) -> Result:
    if isinstance(change, Exit):
        deleted = any(isinstance(answer.row, Delete) for answer in group)
        return Result.DELETED if deleted else Result.CLEARED
    written = [answer.created for answer in group if answer.verdict is not Verdict.ACCEPT]
    if not written:
        return Result.UNCHANGED  # it held already
    return Result.CREATED if True in written else Result.UPDATED
