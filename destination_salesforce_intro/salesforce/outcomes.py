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
    outcomes: list[Outcome] = []
    again: list[Answer] = []
    for group in by_change.values():
        refused = _first(group, Verdict.REJECT)
        unclear = None if refused else _first(group, Verdict.LOOK_AGAIN)
        if unclear:
            again.append(unclear)
        else:
            outcomes.append(_refused(refused) if refused else _stored(group))
    return outcomes, again


def refuse(answer: Answer) -> Outcome:
    """Return the outcome of a change that Salesforce refuses however often it is looked up."""
    return _refused(answer)


def _first(group: Sequence[Answer], verdict: Verdict) -> Answer | None:
    for answer in group:
        if answer.verdict is verdict:
            return answer
    return None


def _refused(answer: Answer) -> Outcome:
    return Outcome(answer.row.change, Result.REJECTED, rejection(answer.refusal))


def _stored(group: Sequence[Answer]) -> Outcome:
    change = group[0].row.change
    return Outcome(change, _result(change, group))


def _result(change: Change, group: Sequence[Answer]) -> Result:
    if isinstance(change, Exit):
        deleted = any(isinstance(answer.row, Delete) for answer in group)
        return Result.DELETED if deleted else Result.CLEARED
    if all(answer.verdict is Verdict.ACCEPT for answer in group):
        return Result.UNCHANGED  # it held already
    return Result.CREATED if any(answer.created for answer in group) else Result.UPDATED
