"""Query jobs: a statement, worked off at once, its rows read in pages of CSV.

Vendor facts: Bulk API 2.0 guide, "Query", "Get Results for a Query Job".
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from sandbox.salesforce import soql
from sandbox.salesforce.bulk.bodies import Request, State
from sandbox.salesforce.bulk.faults import Behaviour
from sandbox.salesforce.bulk.files import line
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.org import QUERY_JOBS, Org
from sandbox.salesforce.rest.calls import ApiError

ROWS_AT_ONCE = 10_000


class QueryRequest(Request):
    """The body that creates a query job."""

    operation: Literal["query", "queryAll"]
    query: str


@dataclass
class QueryJob(Job):
    """A query job; *lines* are its results, the header first."""

    request: QueryRequest
    lines: list[str] = field(default_factory=list)

    type = "V2Query"


def new_job(org: Org, job_id: str, version: str, request: QueryRequest) -> QueryJob:
    """Return a job that waits to be worked off.

    Raises:
        ApiError: The statement is refused, with SOQL's code; ``EXCEEDEDQUOTA`` when the day's
            query jobs are used up.
    """
    sobject = _result(org, request).sobject
    if not org.daily[QUERY_JOBS].take():
        raise ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : the day's query jobs are used up")
    now = org.now()
    return QueryJob(job_id, version, request, sobject, now, State.UPLOAD_COMPLETE, now)


async def work(org: Org, job: QueryJob, behaviour: Behaviour) -> None:
    """Read the org into the job's lines, all rows as they are at one moment."""
    await asyncio.sleep(behaviour.queued_s)
    if not job.is_in(State.UPLOAD_COMPLETE):  # aborted while it waited
        return
    job.move(State.IN_PROGRESS, org.now())
    await asyncio.sleep(behaviour.in_progress_s)
    await _read(org, job)
    if job.is_in(State.IN_PROGRESS):  # else aborted under way
        job.move(State.JOB_COMPLETE, org.now())


async def _read(org: Org, job: QueryJob) -> None:
    """Write the lines by slices, between which others get their turn."""
    result = _result(org, job.request)
    delimiter = job.request.columnDelimiter.char
    job.lines = [line(result.names, delimiter)]
    started_s = time.monotonic()
    while rows := list(islice(result.rows, ROWS_AT_ONCE)):
        job.lines += (line(map(_text, row), delimiter) for row in rows)
        job.processed += len(rows)
        await asyncio.sleep(0)
    job.processing_s = time.monotonic() - started_s


def _result(org: Org, request: QueryRequest) -> soql.FlatResult:
    everything = request.operation == "queryAll"
    try:
        return soql.table(org, request.query, include_deleted=everything)
    except soql.SoqlError as refused:
        raise ApiError(400, refused.code, refused.message) from None


def _text(value: Any) -> str:
    """Write a JSON value as Bulk query does: null is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("+0000", "Z") if _is_moment(value) else str(value)


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("+0000") and value[10:11] == "T"
