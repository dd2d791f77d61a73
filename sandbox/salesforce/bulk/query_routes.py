"""The endpoints of query jobs."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from sandbox.salesforce.bulk import query
from sandbox.salesforce.bulk.bodies import State, read_body
from sandbox.salesforce.bulk.desk import Desk, abort, answer, new_state, route
from sandbox.salesforce.bulk.pages import page_of
from sandbox.salesforce.bulk.query import QueryJob, QueryRequest
from sandbox.salesforce.rest.calls import ApiError

DEFAULT_PAGE_ROWS = 50_000


def routes(desk: Desk) -> list[web.RouteDef]:
    """Return the routes."""
    one = "/query/{job}"
    return [
        *route("POST", "/query", partial(_create, desk)),
        *route("GET", "/query", partial(desk.list, QueryJob)),
        *route("PATCH", one, partial(_patch, desk)),
        *route("GET", one, partial(desk.info, QueryJob)),
        *route("DELETE", one, partial(desk.delete, QueryJob)),
        *route("GET", f"{one}/results", partial(_results, desk)),
    ]


async def _create(desk: Desk, request: web.Request) -> web.Response:
    wanted = read_body(QueryRequest, await request.read())
    version = request.match_info["version"]
    job = query.new_job(desk.org, desk.jobs.next_id(), version, wanted)
    desk.jobs.add(job)
    desk.start(job, query.work(desk.org, job, desk.behaviour))
    return answer(job.base_json())


async def _patch(desk: Desk, request: web.Request) -> web.Response:
    job = desk.job(QueryJob, request)
    if await new_state(request) is not State.ABORTED:
        raise ApiError(400, "INVALIDJOBSTATE", "InvalidJobState : a query job has no upload")
    abort(job, desk.org.now())
    return answer(job.base_json())


async def _results(desk: Desk, request: web.Request) -> web.Response:
    job = desk.job(QueryJob, request)
    job.require(State.JOB_COMPLETE)
    if request.match_info["version"] != job.version:
        sentence = f"InvalidVersion : the job was created with API version {job.version}"
        raise ApiError(409, "INVALIDVERSION", sentence)
    page = page_of(job.lines, request.query.get("locator"), _max_rows(request))
    headers = {"Sforce-Locator": page.locator, "Sforce-NumberOfRecords": str(page.rows)}
    return desk.csv(page, job, **headers)


def _max_rows(request: web.Request) -> int:
    text = request.query.get("maxRecords", str(DEFAULT_PAGE_ROWS))
    if not text.isdigit() or int(text) == 0:
        raise ApiError(400, "INVALID_ARGUMENT", "maxRecords must be a positive number")
    return int(text)
