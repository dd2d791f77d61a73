"""How the rows of a closed ingest job are worked off, behind the requests."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from typing import Any

from sandbox.salesforce import dml
from sandbox.salesforce.bulk.bodies import State
from sandbox.salesforce.bulk.faults import Behaviour, NextJob
from sandbox.salesforce.bulk.files import (
    BadUploadError,
    Cells,
    Column,
    columns_of,
    read_table,
    record,
)
from sandbox.salesforce.bulk.ingest import IngestJob
from sandbox.salesforce.org import BULK_BATCHES, Org
from sandbox.salesforce.schema import SObject

ROWS_OF_A_BATCH = 10_000  # of Salesforce's own cutting; they count against the day's batches


async def work(org: Org, job: IngestJob, behaviour: Behaviour) -> None:
    """Work off a closed job, in transactions of 200 rows between which others get their turn."""
    job.dropped_result_rows = behaviour.next_job.drops_result_rows
    try:
        job.table = read_table(job.uploads.pop(), job.request)
        org.daily[BULK_BATCHES].take(math.ceil(len(job.table.rows) / ROWS_OF_A_BATCH))
        await asyncio.sleep(behaviour.queued_s)
        if job.is_in(State.UPLOAD_COMPLETE):  # else aborted while it waited
            job.move(State.IN_PROGRESS, org.now())
            await asyncio.sleep(behaviour.in_progress_s)
            await _work_off(org, job, behaviour.next_job)
    except BadUploadError as error:
        job.fail(str(error), org.now())


async def _work_off(org: Org, job: IngestJob, trouble: NextJob) -> None:
    columns = _columns(job, org.sobject(job.sobject))
    for chunk in _chunks(job.table.rows, trouble.ends_after_rows):
        if not job.is_in(State.IN_PROGRESS):  # aborted under way
            return
        started_s = time.monotonic()
        _write(org, job, columns, chunk)
        job.processing_s += time.monotonic() - started_s
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
