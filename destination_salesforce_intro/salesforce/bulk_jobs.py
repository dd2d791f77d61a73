"""Running ingest jobs: create, upload once, close, wait, and fetch all three result files.

Jobs of one call run side by side: all are uploaded before the first is waited for. Every step
survives a lost answer: an upload or a close whose fate is unknown is looked up, never repeated
blindly (a second upload would spoil the job). A job that a crash leaves behind is waited
for: its rows are then found already so. One that was never closed writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Row
from destination_salesforce_intro.errors import AnswerLost, ConnectorError, Fault
from destination_salesforce_intro.salesforce import bulk
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.salesforce.batches import Target
from destination_salesforce_intro.salesforce.choice import ROWS_OF_A_BATCH
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.limits import BATCHES
from destination_salesforce_intro.salesforce.wire import Request

FIRST_POLL_S, LONGEST_POLL_S, POLL_GROWTH = 1.0, 30.0, 1.5
MAX_POLLS = 500  # about four hours
UPLOADS = 3
ID_CHARS = 15  # without the checksum that not every answer has
RUNNING = frozenset({"UploadComplete", "InProgress"})
FINISHED = frozenset({"JobComplete", "Failed", "Aborted"})


Job = Mapping[str, Any]  # as Salesforce describes it


class Running(NamedTuple):
    """A job whose upload is complete, and the rows in it."""

    job: str
    target: Target
    rows: Sequence[Row]


class BulkJobs:
    """Writes many rows at a time through Bulk API 2.0."""

    def __init__(
        self,
        client: SalesforceClient,
        sleep: Callable[[float], None],
        log: Callable[[str], None],
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._log = log

    def write(self, groups: Mapping[Target, Sequence[Row]]) -> Iterator[Answer]:
        """Write the rows of each target side by side, and yield one answer for each row.

        No record and no key may be among them twice.

        Raises:
            ConnectorError: Salesforce refuses a job itself, or does not finish it; or the day's
                batches are used up to the reserve for others.
        """
        cut = (
            (target, chunk, content)
            for target, rows in groups.items()
            for chunk, content in bulk.jobs(rows)
        )
        for running in [self._start(*each) for each in cut]:
            yield from self._end(running)

    def _start(self, target: Target, rows: Sequence[Row], content: bytes) -> Running:
        self._client.limits.use(BATCHES, math.ceil(len(rows) / ROWS_OF_A_BATCH))
        job = self._upload(target, content)
        self._log(f"Bulk job {job}: {len(rows)} rows to {target.verb} in {target.object}.")
        return Running(job, target, rows)

    def _end(self, running: Running) -> Iterator[Answer]:
        state = self._finish(running.job)
        yield from bulk.decode(running.target, running.rows, self._results(running.job))
        self._check(running.target, state)

    def settle_abandoned(self, objects: Collection[str]) -> None:
        """Wait for jobs on *objects* that a run of this user left running when it died.

        Were this run to write first, such a job could put older values over newer ones. A job
        that was never closed writes nothing, and Salesforce drops it in time. A user who may see no
        jobs has made none.
        """
        for job in self._permitted(self._mine):
            if job["object"] in objects and job["state"] in RUNNING:
                self._log(f"Bulk job {job['id']} of an earlier run is still running; waiting.")
                self._finish(job["id"])

    def _permitted(self, jobs: Callable[[], Iterable[Job]]) -> list[Job]:
        try:
            return list(jobs())
        except ConnectorError as error:
            if error.fault is not Fault.CONFIG:
                raise
            self._log("Salesforce shows this user no Bulk jobs, so none is waited for.")
            return []

    def _mine(self) -> Iterator[Job]:
        """Yield the ingest jobs of this user, where the login says who that is."""
        path, mine = "jobs/ingest", self._client.user_id[:ID_CHARS]
        while mine and path:
            page = self._client.json(self._request("GET", path, None, "the list"))
            yield from (j for j in page["records"] if j["createdById"][:ID_CHARS] == mine)
            path = str(page.get("nextRecordsUrl") or "").removeprefix(self._client.base_path)

    def _upload(self, target: Target, content: bytes) -> str:
        for _ in range(UPLOADS):
            job = self._create(target)
            try:
                self._put(job, content)
            except AnswerLost:
                self._abort(job)  # never closed, so nothing of it was or will be processed
                continue
            self._close(job)
            return job
        raise ConnectorError(
            f"Salesforce's answer to a Bulk upload was lost {UPLOADS} times. Check the network, or "
            'set "write_api" to "rest".',
            Fault.TRANSIENT,
        )

    def _create(self, target: Target) -> str:
        key = {"externalIdFieldName": target.key_field} if target.verb == "upsert" else {}
        body = {"object": target.object, "operation": target.verb, "contentType": "CSV", **key}
        job = self._client.json(
            self._request("POST", "jobs/ingest", {**body, "lineEnding": "LF"}, target.object)
        )
        return str(job["id"])

    def _put(self, job: str, content: bytes) -> None:
        self._client.raw(
            Request(
                "PUT",
                f"jobs/ingest/{job}/batches",
                what="a Bulk upload",
                kind="bulk",
                body=content,
                content_type="text/csv; charset=UTF-8",
                repeatable=False,
            )
        )

    def _close(self, job: str) -> None:
        request = self._request("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"}, "a job")
        try:
            self._client.json(request._replace(repeatable=False))
        except AnswerLost:
            if self._state(job)["state"] == "Open":
                self._client.json(request)

    def _abort(self, job: str) -> None:
        self._client.json(
            self._request("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"}, "a job")
        )

    def _finish(self, job: str) -> Job:
        wait = FIRST_POLL_S
        for _ in range(MAX_POLLS):
            state = self._state(job)
            if state["state"] in FINISHED:
                return state
            self._sleep(wait)
            wait = min(wait * POLL_GROWTH, LONGEST_POLL_S)
        raise ConnectorError(
            f"Bulk job {job} has not finished in hours. Look at it under Bulk Data Load Jobs in "
            "Salesforce's setup; the next sync sends its rows again.",
            Fault.TRANSIENT,
        )

    def _state(self, job: str) -> Job:
        state: Job = self._client.json(self._request("GET", f"jobs/ingest/{job}", None, "a job"))
        return state

    def _results(self, job: str) -> bulk.Results:
        names = ("successfulResults", "failedResults", "unprocessedrecords")
        return bulk.Results(*(self._file(f"jobs/ingest/{job}/{name}/") for name in names))

    def _file(self, path: str) -> bytes:
        """Fetch a result file whole; newer API versions may serve it in pages with a locator."""
        content, locator = b"", ""
        while True:
            params = {"locator": locator} if locator else None
            raw = self._client.raw(
                Request("GET", path, what="the results of a Bulk job", kind="bulk", params=params)
            )
            content += raw.content if not content else raw.content.partition(b"\n")[2]
            locator = raw.headers.get("Sforce-Locator", "null")
            if locator in {"", "null"}:
                return content

    def _check(self, target: Target, state: Job) -> None:
        """Stop at a job that failed for what every job of its kind would: a column, a key."""
        message = str(state.get("errorMessage") or "")
        if state["state"] == "Failed" and message.startswith("InvalidBatch"):
            raise ConnectorError(
                f"Salesforce refused the columns of a Bulk job for {target.object}. Check that "
                "every mapped field exists and may be written by the integration user.",
                Fault.CONFIG,
            )

    @staticmethod
    def _request(method: str, path: str, body: Any, about: str) -> Request:
        return Request(method, path, what=f"a Bulk job ({about})", kind="bulk", body=body)
