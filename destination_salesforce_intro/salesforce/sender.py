"""Writes rows and returns one final answer for each: over REST or Bulk, again where that helps.

What is final: stored, accepted (it held already), refused for good, or "look again" (what we
believed about the record no longer holds, or a create's answer was lost).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from destination_salesforce_intro.changes import Delete, Row
from destination_salesforce_intro.errors import AnswerLost, ConnectorError, Fault, TooLarge, Verdict
from destination_salesforce_intro.salesforce.answers import LOST, Answer, Refusal
from destination_salesforce_intro.salesforce.batches import (
    MAX_ROWS,
    Batch,
    Target,
    batches,
    grouped,
)
from destination_salesforce_intro.salesforce.bulk import fits
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.codes import row_meaning
from destination_salesforce_intro.salesforce.composite import composite, composites, decode
from destination_salesforce_intro.salesforce.verdicts import row_error

ROUNDS = 8  # of sending rows again; with the waits below, about two minutes
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
SHRINK = 4
# Triggers that fail on one row are reported as failures of Salesforce itself.
BREAKS_ON_A_ROW = frozenset({"UNKNOWN_EXCEPTION", "INTERNAL_ERROR"})
PASSING = frozenset({Verdict.RETRY, Verdict.RETRY_SMALLER})

TOO_LARGE = Refusal("EXCEEDED_MAX_SIZE_REQUEST", "the request was too large")

ID_LENGTHS = (15, 18)

WriteApi = Literal["auto", "rest", "bulk"]
# Rows of one target that make a Bulk job worth its dozen requests; 2,000 is Salesforce's advice.
BULK_FROM: dict[WriteApi, int | None] = {"auto": 2_000, "rest": None, "bulk": 1}


class Sender:
    """Sends rows to one org."""

    def __init__(
        self,
        client: SalesforceClient,
        jobs: BulkJobs,
        write_api: WriteApi,
        sleep: Callable[[float], None],
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._bulk_from = BULK_FROM[write_api]
        self._sleep = sleep
        self._log = log
        self._settled: set[str] = set()  # objects on which no job of an earlier run is running

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Write *rows*, in order where they share a record, and yield a final answer for each.

        Raises:
            ConnectorError: A reason that all rows share, or trouble that outlasted every retry.
                Some rows may have been written.
        """
        groups = grouped(rows)
        if self._bulk_from is not None:
            self._settle({target.object for target in groups} - self._settled)
        rest: list[Row] = []
        for target, group in groups.items():
            in_bulk, others = self._choose(target, group)
            if in_bulk:
                yield from self._in_bulk(target, in_bulk)
            rest += others
        yield from self._over_rest(sorted(rest, key=parents))

    def _choose(self, target: Target, rows: list[Row]) -> tuple[list[Row], list[Row]]:
        """Part *rows* into those that go by Bulk and those that go over REST, and say why."""
        if self._bulk_from is None or len(rows) < self._bulk_from:
            return [], rows
        fitting = [fits(row) for row in rows]
        in_bulk = [row for row, fit in zip(rows, fitting, strict=True) if fit]
        others = [row for row, fit in zip(rows, fitting, strict=True) if not fit]
        self._log(
            f"{len(in_bulk)} rows to {target.verb} in {target.object} go by Bulk API "
            f"({self._bulk_from} or more), {len(others)} that its CSV cannot say over REST."
        )
        return in_bulk, others

    def _settle(self, objects: set[str]) -> None:
        if objects:
            self._jobs.settle_abandoned(objects)
            self._settled |= objects

    def _in_bulk(self, target: Target, rows: Sequence[Row]) -> Iterator[Answer]:
        again: list[Row] = []
        for answer in self._jobs.write(target, rows):
            if _is_final(_stop_or(answer)):
                yield answer
            else:
                again.append(answer.row)
        yield from self._over_rest(again)

    def _over_rest(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Send in rounds: first all, then what was refused for now, in smaller batches."""
        size, wait = MAX_ROWS, FIRST_WAIT_S
        last: list[Answer] = []
        for _ in range(ROUNDS):
            answers = list(self._round(rows, size))
            yield from (answer for answer in answers if _is_final(answer))
            last = [answer for answer in answers if not _is_final(answer)]
            if not last:
                return
            rows = [answer.row for answer in last]
            size = max(1, size // SHRINK) if _need_smaller(last) else size
            self._sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
        yield from map(given_up, last)

    def _round(self, rows: Sequence[Row], max_rows: int) -> Iterator[Answer]:
        for packed in composites(batches(rows, max_rows)):
            yield from self._composite(packed)

    def _composite(self, packed: Sequence[Batch]) -> Iterable[Answer]:
        request = composite(packed, self._client.base_path)
        try:
            return [_stop_or(a) for a in decode(packed, self._client.json(request))]
        except AnswerLost:
            return [Answer(row, Verdict.LOOK_AGAIN, refusal=LOST) for row in _rows(packed)]
        except TooLarge as error:
            if len(_rows(packed)) == 1:
                raise ConnectorError(error.message, Fault.SYSTEM) from None
            return [Answer(row, Verdict.RETRY_SMALLER, refusal=TOO_LARGE) for row in _rows(packed)]


def parents(row: Row) -> tuple[str, ...]:
    """Return what rows must share to be written side by side, where they wait for no one's lock.

    Salesforce locks the parents of a row that it writes: an account, a campaign.
    """
    if isinstance(row, Delete):
        return ()
    links = ((n, v) for n, v in row.fields.items() if "." in n or n.endswith(("Id", "__c")))
    return tuple(str(value) for name, value in links if _is_link(name, value))


def _is_link(name: str, value: object) -> bool:
    return "." in name or (isinstance(value, str) and len(value) in ID_LENGTHS and value.isalnum())


def _rows(packed: Sequence[Batch]) -> list[Row]:
    return [row for batch in packed for row in batch.rows]


def _is_final(answer: Answer) -> bool:
    return answer.verdict not in PASSING


def _need_smaller(answers: Iterable[Answer]) -> bool:
    return any(answer.verdict is Verdict.RETRY_SMALLER for answer in answers)


def _stop_or(answer: Answer) -> Answer:
    if answer.verdict is Verdict.STOP:
        raise row_error(answer.row.object, answer.refusal)
    return answer


def given_up(answer: Answer) -> Answer:
    """Refuse a row that breaks Salesforce every time; what passes by itself stops the sync.

    A lock is nobody's fault: the next sync sends the row again, and loses nothing.
    """
    known = row_meaning(answer.refusal.code)
    if known.verdict is Verdict.REJECT or answer.refusal.code in BREAKS_ON_A_ROW:
        return answer._replace(verdict=Verdict.REJECT)
    raise ConnectorError(
        f"Salesforce still answered {answer.refusal.code} to a row of {answer.row.object} after "
        f"{ROUNDS} tries: {known.cause}. What was sent before it is written; the next sync sends "
        "the rest.",
        Fault.TRANSIENT,
    )
