"""Ingest jobs: what may be asked of one in which state, and how its rows are worked off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sandbox.salesforce import dml
from sandbox.salesforce.bulk.faults import Behaviour, NextJob
from sandbox.salesforce.bulk.files import (
    BadUploadError,
    Cells,
    Column,
    Table,
    columns_of,
    read_table,
    record,
)
from sandbox.salesforce.bulk.jobs import Job, Request, State
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import ApiError
from sandbox.salesforce.schema import SObject

MAX_UPLOAD_BYTES = 150 * 1024 * 1024


class IngestRequest(Request):
    """The body that creates an ingest job."""

    object: str
    operation: Literal["insert", "update", "upsert", "delete", "hardDelete"]
    externalIdFieldName: str | None = None  # noqa: N815  # the API's name
    assignmentRuleId: str | None = None  # noqa: N815  # the API's name


class Settled(NamedTuple):
    """A row that was attempted, and what became of it."""

    cells: Cells
    result: RowResult


@dataclass
class IngestJob(Job):
    """An ingest job; rows of *table* beyond those *settled* are unprocessed."""

    request: IngestRequest
    uploads: list[bytes] = field(default_factory=list)
    table: Table = field(default_factory=lambda: Table([], []))
    settled: list[Settled] = field(default_factory=list)
    dropped_result_rows: int = 0

    kind = "ingest"
    type = "V2Ingest"

    def base_json(self) -> dict[str, Any]:
        """See ``Job``."""
        content = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return {**super().base_json(), "contentUrl": content}

    def info_json(self) -> dict[str, Any]:
        """See ``Job``."""
        times = {"apiActiveProcessingTime": self.processed, "apexProcessingTime": 0}
        return {**super().info_json(), **times, "numberRecordsFailed": self.failed}

    def upload(self, content: bytes) -> None:
        """Take the data of a PUT; a second one makes closing fail.

        Raises:
            ApiError: The job is closed, or the data too large.
        """
        self.require(State.OPEN)
        if len(content) > MAX_UPLOAD_BYTES:
            sentence = f"ClientInputError : data exceeds {MAX_UPLOAD_BYTES} bytes"
            raise ApiError(413, "EXCEEDED_MAX_SIZE_REQUEST", sentence)
        self.uploads.append(content)

    def close(self, now: str) -> None:
        """Hand the data over to be processed.

        Raises:
            ApiError: The job is not open, or did not get its data in exactly one PUT.
        """
        self.require(State.OPEN)
        if len(self.uploads) > 1:
            sentence = (
                f"InvalidJob : Found multipe contents for job: <{self.id}>, please 'Close' /"
                " 'Abort' / 'Delete' the current Job then create a new Job and make sure you only"
                " do 'PUT' once on a given Job."
            )
            raise ApiError(400, "INVALIDJOB", sentence)
        if not self.uploads:
            sentence = f"InvalidJob : No content was uploaded for job: <{self.id}>"
            raise ApiError(400, "INVALIDJOB", sentence)
        self.move(State.UPLOAD_COMPLETE, now)

    def settle(self, cells: Cells, result: RowResult) -> None:
        """Take down what became of the next row."""
        self.settled.append(Settled(cells, result))
        self.processed += 1
        self.failed += not result.success


def new_job(org: Org, job_id: str, version: str, request: IngestRequest) -> IngestJob:
    """Return an open job.

    Raises:
        ApiError: ``INVALIDENTITY`` for an unknown object, ``INVALIDJOB`` for a key that cannot
            identify records, ``FEATURENOTENABLED`` for hardDelete.
    """
    sobject = _sobject(org, request.object)
    if request.operation == "hardDelete":
        sentence = "FeatureNotEnabled : hardDelete is not enabled for this user"
        raise ApiError(400, "FEATURENOTENABLED", sentence)
    if request.operation == "upsert":
        _check_key(sobject, request.externalIdFieldName)
    now = org.now()
    return IngestJob(job_id, version, request, sobject.name, now, State.OPEN, now)


def _sobject(org: Org, name: str) -> SObject:
    try:
        return org.sobject(name)
    except LookupError:
        sentence = f"InvalidEntity : Entity '{name}' is not supported by the Bulk API."
        raise ApiError(400, "INVALIDENTITY", sentence) from None


def _check_key(sobject: SObject, name: str | None) -> None:
    if not name:
        sentence = f"InvalidJob : External ID was blank for {sobject.name}."
        raise ApiError(400, "INVALIDJOB", sentence)
    try:
        dml.key_of(sobject, name)
    except ValueError:
        sentence = (
            f"InvalidJob : Field name provided, {name} does not match an External ID,"
            f" Salesforce Id, or indexed field for {sobject.name}"
        )
        raise ApiError(400, "INVALIDJOB", sentence) from None


async def work(org: Org, job: IngestJob, behaviour: Behaviour) -> None:
    """Work off a closed job, in transactions of 200 rows between which others get their turn."""
    await asyncio.sleep(behaviour.queued_s)
    if not job.is_in(State.UPLOAD_COMPLETE):  # aborted while it waited
        return
    job.move(State.IN_PROGRESS, org.now())
    await asyncio.sleep(behaviour.in_progress_s)
    try:
        await _work_off(org, job, behaviour.next_job)
    except BadUploadError as error:
        job.fail(str(error), org.now())


async def _work_off(org: Org, job: IngestJob, trouble: NextJob) -> None:
    sobject = org.sobject(job.sobject)
    job.dropped_result_rows = trouble.drops_result_rows
    job.table = read_table(job.uploads.pop(), job.request)
    columns = _columns(job, sobject)
    for chunk in _chunks(job.table.rows, trouble.ends_after_rows):
        if not job.is_in(State.IN_PROGRESS):  # aborted under way
            return
        _write(org, job, columns, chunk)
        await asyncio.sleep(0)
    if job.is_in(State.IN_PROGRESS):
        _end(job, trouble, org.now())


def _columns(job: IngestJob, sobject: SObject) -> list[Column]:
    key = job.request.externalIdFieldName
    columns = columns_of(job.table, sobject)
    if key and key.lower() not in (column.name.lower() for column in columns):
        raise BadUploadError(f"InvalidBatch : Field name not found : {key}")
    return columns


def _chunks(rows: list[Cells], ends_after: int | None) -> Iterator[list[Cells]]:
    wanted = rows if ends_after is None else rows[:ends_after]
    for start in range(0, len(wanted), dml.MAX_ROWS_PER_TRANSACTION):
        yield wanted[start : start + dml.MAX_ROWS_PER_TRANSACTION]


def _write(org: Org, job: IngestJob, columns: list[Column], chunk: list[Cells]) -> None:
    rows = [record(columns, cells) for cells in chunk]
    key = job.request.externalIdFieldName
    operation: Any = job.request.operation
    results = dml.apply(org, operation, org.sobject(job.sobject), rows, key_field=key)
    for cells, result in zip(chunk, results, strict=True):
        job.settle(cells, result)


def _end(job: IngestJob, trouble: NextJob, now: str) -> None:
    if trouble.fails_after_rows is not None:
        job.fail(trouble.error_message, now)
    else:
        aborts = trouble.aborts_after_rows is not None
        job.move(State.ABORTED if aborts else State.JOB_COMPLETE, now)
