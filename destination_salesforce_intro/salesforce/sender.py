"""Writes rows and returns one final answer for each: over REST or Bulk, again where that helps.

What is final: stored, accepted (it held already), refused for good, or "look again" (what we
believed about the record no longer holds, or a create's answer was lost).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from destination_salesforce_intro.changes import Row
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.salesforce.answers import LOST, Answer
from destination_salesforce_intro.salesforce.batches import Target, grouped, waves
from destination_salesforce_intro.salesforce.bulk import fits
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.choice import (
    FEW,
    Api,
    Choice,
    Conditions,
    Measured,
    WriteApi,
    choose,
)
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.limits import BATCHES, REQUESTS
from destination_salesforce_intro.salesforce.lost_creates import LostCreates
from destination_salesforce_intro.salesforce.metadata import ask_limits
from destination_salesforce_intro.salesforce.rest_writes import RestWrites
from destination_salesforce_intro.salesforce.rounds import is_final

MEASURABLE = 200  # rows; fewer say more of the network than of the org


class Sender:
    """Sends rows to one org.

    Args:
        client: Sends the requests, and knows what the day leaves.
        write_api: Which API, or ``auto``.
        now: Seconds, for how long writes take.
        sleep: Waits that many seconds.
        log: Is told when rows go another way than before, and of every Bulk job.
    """

    def __init__(
        self,
        client: SalesforceClient,
        write_api: WriteApi,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._write_api = write_api
        self._now = now
        self._sleep = sleep
        self._log = log
        self._jobs = BulkJobs(client, sleep, log)
        self._rest = RestWrites(client, sleep)
        self._lost = LostCreates()
        self._settled: set[str] = set()  # objects on which no job of an earlier run is running
        self._chosen: dict[Target, Choice] = {}
        self._pace: dict[Api, Measured] = {}

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Write *rows*, in order where they share a record, and yield a final answer for each.

        Raises:
            ConnectorError: A reason that all rows share, or trouble that outlasted every retry.
                Some rows may have been written.
        """
        if self._client.limits.is_due:
            ask_limits(self._client)
        for wave in waves(rows):
            yield from self._wave(wave)

    def _wave(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Write *rows*, but those whose first answer was lost too lately to be sent again."""
        lost = [row for row in rows if self._lost.holds(row)]
        yield from (Answer(row, Verdict.LOOK_AGAIN, refusal=LOST) for row in lost)
        held = set(map(id, lost))
        for answer in self._write([row for row in rows if id(row) not in held]):
            if self._lost.note(answer):
                lost.append(answer.row)
            yield answer
        if lost:
            self._sleep(self._lost.wait_s(lost))

    def _write(self, rows: Sequence[Row]) -> Iterator[Answer]:
        groups = grouped(rows)
        self._settle({target.object for target in groups} - self._settled)
        in_bulk, over_rest = self._parted(groups)
        for answer in self._measured("Bulk API", self._jobs.write(in_bulk)):
            if is_final(answer):
                yield answer
            else:
                over_rest.append(answer.row)
        yield from self._measured("REST", self._rest.write(over_rest))

    def _settle(self, objects: set[str]) -> None:
        if objects:
            self._jobs.settle_abandoned(objects)
            self._settled |= objects

    def _parted(
        self, groups: Mapping[Target, list[Row]]
    ) -> tuple[dict[Target, list[Row]], list[Row]]:
        """Part rows into those that go by Bulk and those that go over REST."""
        in_bulk, over_rest = dict[Target, list[Row]](), list[Row]()
        for target, rows in groups.items():
            unfit = [row for row in rows if not fits(row)]
            fitting = len(rows) - len(unfit)
            if fitting and self._choose(target, fitting).api == "Bulk API":
                unfit_ids = set(map(id, unfit))
                in_bulk[target] = [row for row in rows if id(row) not in unfit_ids]
                over_rest += unfit
            else:
                over_rest += rows
        return in_bulk, over_rest

    def _choose(self, target: Target, rows: int) -> Choice:
        limits = self._client.limits
        left = limits.left(REQUESTS), limits.left(BATCHES)
        choice = choose(self._write_api, Conditions(rows, self._pace, *left))
        if choice != self._chosen.get(target, FEW):
            self._log(
                f"{rows} rows to {target.verb} in {target.object} go by {choice.api}: "
                f"{choice.reason}."
            )
        self._chosen[target] = choice
        return choice

    def _measured(self, api: Api, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Pass *answers* on, and take down how long so many rows took."""
        began, rows = self._now(), 0
        for answer in answers:
            rows += 1
            yield answer
        if rows >= MEASURABLE:
            self._pace[api] = Measured(rows, max(0.0, self._now() - began))
