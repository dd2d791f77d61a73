"""Where Bulk requests arrive: the org, its jobs, the work under way; and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import web

from sandbox.salesforce.bulk.bodies import NewState, State, read_body
from sandbox.salesforce.bulk.faults import Behaviour
from sandbox.salesforce.bulk.jobs import AnyJob, Job, Jobs
from sandbox.salesforce.bulk.pages import Page
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, ApiError
from sandbox.salesforce.rest.wire import response

Handler = Callable[[web.Request], Awaitable[web.Response]]

_JOBS = "/services/data/v{version}/jobs"


class Desk:
    """What the handlers of both kinds of job work with."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.jobs = Jobs()
        self.behaviour = Behaviour()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        """Let the *work* on *job* go on behind the requests, as long as the loop runs."""
        task = asyncio.create_task(self._see_through(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        """Leave no job under way that nobody works on."""
        try:
            await work
        finally:
            if not job.state.is_final:
                job.fail("InternalServerError : the work on this job broke off", self.org.now())

    def job(self, kind: type[AnyJob], request: web.Request) -> AnyJob:
        """Return the job that the path names."""
        return self.jobs.find(kind, request.match_info["job"])

    async def delete(self, kind: type[Job], request: web.Request) -> web.Response:
        """Answer DELETE."""
        self.jobs.remove(self.job(kind, request))
        return web.Response(status=204)

    async def info(self, kind: type[Job], request: web.Request) -> web.Response:
        """Answer GET of one job."""
        return answer(self.job(kind, request).info_json())

    async def list(self, kind: type[Job], _request: web.Request) -> web.Response:
        """Answer GET of all jobs of a kind."""
        records = [job.base_json() | {"jobType": job.type} for job in self.jobs.list(kind)]
        return answer({"done": True, "records": records, "nextRecordsUrl": None})

    def csv(self, page: Page, job: Job, **headers: str) -> web.Response:
        """Answer with lines of CSV."""
        ending = job.request.lineEnding.chars
        body = "".join(line + ending for line in page.lines).encode()
        charset = "; charset=UTF-8" if self.behaviour.charset else ""
        given = {"Content-Type": f"text/csv{charset}", **headers}
        return web.Response(body=body, headers=given)


async def new_state(request: web.Request) -> State:
    """Return the state that a PATCH wants.

    Raises:
        ApiError: It is none that a client may ask for.
    """
    wanted = read_body(NewState, await request.read()).state
    if wanted not in (State.UPLOAD_COMPLETE, State.ABORTED):
        sentence = f"InvalidJobState : a client cannot set {wanted.value}"
        raise ApiError(400, "INVALIDJOBSTATE", sentence)
    return wanted


def abort(job: Job, now: str) -> None:
    """End a job that is not over; what is committed stays.

    Raises:
        ApiError: ``INVALIDJOBSTATE``.
    """
    job.require(State.OPEN, State.UPLOAD_COMPLETE, State.IN_PROGRESS)
    job.move(State.ABORTED, now)


def answer(body: dict[str, Any]) -> web.Response:
    """Answer 200 with JSON."""
    return response(Answer(200, body))


def route(method: str, path: str, handler: Handler) -> list[web.RouteDef]:
    """Return the route of *path* below ``/jobs``, with and without a slash at its end."""
    return [web.route(method, f"{_JOBS}{path}{end}", handler) for end in ("", "/")]
