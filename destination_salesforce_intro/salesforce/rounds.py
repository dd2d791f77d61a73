"""Sending again what was refused for now: how often, in which batches, and when to give up. Pure.

What was refused singly goes again together. A batch of which nothing was written is cut, since one
row may hold all of them up; a round never grows beyond ten calls on that account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.salesforce.batches import PIECES, Batch, batches, cut, parents
from destination_salesforce_intro.salesforce.codes import row_meaning
from destination_salesforce_intro.salesforce.composite import MAX_BATCHES, Part
from destination_salesforce_intro.salesforce.verdicts import is_lock, row_error

ROUNDS = 8  # with the waits below, about two minutes
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
MAX_WAITING = 10 * MAX_BATCHES  # batches of a round, up to which more of them may be cut
PASSING = frozenset({Verdict.RETRY, Verdict.RETRY_SMALLER})
# Triggers that fail on one row are reported as failures of Salesforce itself.
BREAKS_ON_A_ROW = frozenset({"UNKNOWN_EXCEPTION", "INTERNAL_ERROR"})


def is_final(answer: Answer) -> bool:
    """Whether nothing more is to be done about the row.

    Raises:
        ConnectorError: It was refused for a reason that all rows share.
    """
    if answer.verdict is Verdict.STOP:
        raise row_error(answer.row.object, answer.refusal)
    return answer.verdict not in PASSING


def stuck(part: Part) -> Part | None:
    """Return *part* with only the answers whose rows may do better another time, if any."""
    answers = [each for each in part.answers if each.verdict in PASSING]
    return part._replace(answers=answers) if answers else None


def rearranged(parts: Iterable[Part]) -> list[Batch]:
    """Return what is *stuck* in *parts* as the batches of the next round."""
    whole, single = [], []
    for part in parts:
        if len(part.answers) == len(part.batch.rows):
            whole.append(part.batch)
        else:
            single += [answer.row for answer in part.answers]
    again = batches(sorted(single, key=parents))
    return [*again, *_smaller(whole, MAX_WAITING - len(again))]


def _smaller(whole: Sequence[Batch], most: int) -> list[Batch]:
    """Cut batches in five, the first ones first, as long as there are no more than *most*."""
    smaller: list[Batch] = []
    for place, batch in enumerate(whole):
        untouched = len(whole) - place - 1
        smaller += cut(batch, min(PIECES, max(1, most - len(smaller) - untouched)))
    return smaller


def given_up(answer: Answer, *, alone: bool = True) -> Answer:
    """Refuse a row that breaks Salesforce every time; what passes by itself stops the sync.

    A lock is nobody's fault: the next sync sends the row again, and loses nothing. Nor is it the
    fault of a row that was not *alone* in what Salesforce refused as one.
    """
    code = answer.refusal.code
    known = row_meaning(code)
    breaks = alone and code in BREAKS_ON_A_ROW
    if breaks or (known.verdict is Verdict.REJECT and not is_lock(answer.refusal)):
        return answer._replace(verdict=Verdict.REJECT)
    raise ConnectorError(
        f"Salesforce still answered {code} to a row of {answer.row.object} after "
        f"{ROUNDS} tries: {known.cause}. What was sent before it is written; the next sync sends "
        "the rest.",
        Fault.TRANSIENT,
    )
