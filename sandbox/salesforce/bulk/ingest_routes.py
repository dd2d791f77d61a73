"""The endpoints of ingest jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiohttp import web

from sandbox.salesforce.bulk import ingest, ingest_work, results
from sandbox.salesforce.bulk.bodies import State, read_body
from sandbox.salesforce.bulk.desk import Desk, abort, answer, new_state, route
from sandbox.salesforce.bulk.ingest import IngestJob, IngestRequest
from sandbox.salesforce.bulk.pages import Page, page_of
from sandbox.salesforce.rest.calls import ApiError

CSV = "text/csv"
UNPROCESSED = ("unprocessedrecords", "unprocessedRecords")  # documents and clients differ

Lines = Callable[[IngestJob], list[str]]


def routes(desk: Desk) -> list[web.RouteDef]:
    """Return the routes."""
    one = "/ingest/{job}"
    return [
        *route("POST", "/ingest", partial(_create, desk)),
        *route("GET", "/ingest", partial(desk.list, IngestJob)),
        *route("PUT", f"{one}/batches", partial(_upload, desk)),
        *route("PATCH", one, partial(_patch, desk)),
        *route("GET", one, partial(desk.info, IngestJob)),
        *route("DELETE", one, partial(desk.delete, IngestJob)),
        *route("GET", f"{one}/successfulResults", partial(_results, desk, results.successful)),
        *route("GET", f"{one}/failedResults", partial(_results, desk, results.failed)),
        *(
            each
            for name in UNPROCESSED
            for each in route("GET", f"{one}/{name}", partial(_results, desk, results.unprocessed))
        ),
    ]


async def _create(desk: Desk, request: web.Request) -> web.Response:
    wanted = read_body(IngestRequest, await request.read())
    version = request.match_info["version"]
    job = ingest.new_job(desk.org, desk.jobs.next_id(), version, wanted)
    desk.jobs.add(job)
    return answer(job.base_json())


async def _upload(desk: Desk, request: web.Request) -> web.Response:
    job = desk.job(IngestJob, request)
    if request.content_type != CSV:
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Send {CSV}")
    job.upload(await request.read())
    return web.Response(status=201)


async def _patch(desk: Desk, request: web.Request) -> web.Response:
    job = desk.job(IngestJob, request)
    if await new_state(request) is State.ABORTED:
        abort(job, desk.org.now())
    else:
        _close(desk, job)
    return answer(job.base_json())


def _close(desk: Desk, job: IngestJob) -> None:
    job.close(desk.org.now())
    desk.start(job, ingest_work.work(desk.org, job, desk.behaviour))
    desk.behaviour = desk.behaviour.without_trouble()


async def _results(desk: Desk, lines_of: Lines, request: web.Request) -> web.Response:
    job = desk.job(IngestJob, request)
    job.require(State.JOB_COMPLETE, State.FAILED, State.ABORTED)
    lines = lines_of(job)
    size = desk.behaviour.result_page_rows
    if size is None:
        return desk.csv(Page(lines, len(lines) - 1, ""), job)
    page = page_of(lines, request.query.get("locator"), size)
    return desk.csv(page, job, **{"Sforce-Locator": page.locator})
