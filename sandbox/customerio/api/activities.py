"""The App API's activity log, and the list of workspaces."""

from __future__ import annotations

from aiohttp import web

from sandbox.customerio.api.answers import WORKSPACE, ApiError, is_unencoded, limit_of, success
from sandbox.customerio.api.references import UnencodedError, id_type_of, person_of, raw_value
from sandbox.customerio.ids import WORKSPACE_ID, BadTokenError
from sandbox.customerio.workspace import activities
from sandbox.customerio.workspace.activities import Wanted
from sandbox.customerio.workspace.profiles import find_one, or_null

DEFAULT_SHOWN, MOST_SHOWN = 10, 100  # App API reference, activities
PREFIX = "cio_"
NOBODY = ""


def routes() -> list[web.RouteDef]:
    """List the routes."""
    return [
        web.get("/v1/activities", list_activities),
        web.get("/v1/customers/{customer_id}/activities", list_activities_of),
        web.get("/v1/workspaces", list_workspaces),
    ]


async def list_activities(request: web.Request) -> web.Response:
    """Answer ``{"activities": [...], "next": "179200000000000014"}``, newest first."""
    cio_id = _customer(request) if "customer_id" in request.query else None
    deleted = request.query.get("deleted") == "true"
    return _page(request, Wanted(*_kind(request), cio_id, deleted))


def _kind(request: web.Request) -> tuple[str | None, str | None]:
    return request.query.get("type"), request.query.get("name")


def _customer(request: web.Request) -> str:
    """Read ``customer_id``; a cio_id must have its prefix here, though nowhere else."""
    id_type, given = id_type_of(request), request.query["customer_id"]
    if is_unencoded(raw_value(request, "customer_id")):
        return NOBODY
    if id_type == "cio_id":
        return given.removeprefix(PREFIX) if given.startswith(PREFIX) else NOBODY
    person = find_one(request.app[WORKSPACE], given, id_type)
    return person.cio_id if person else NOBODY


async def list_activities_of(request: web.Request) -> web.Response:
    """Answer as :func:`list_activities` for one person; 404 for nobody."""
    try:
        cio_id = person_of(request).cio_id
    except UnencodedError:
        cio_id = NOBODY
    return _page(request, Wanted(*_kind(request), cio_id))


def _page(request: web.Request, wanted: Wanted) -> web.Response:
    limit, start = limit_of(request, DEFAULT_SHOWN, MOST_SHOWN), request.query.get("start", "")
    try:
        page = activities.read_page(request.app[WORKSPACE], wanted, start, limit)
    except BadTokenError as error:
        raise ApiError(400, str(error)) from error
    return success({"activities": or_null(page.activities), "next": page.next})


async def list_workspaces(request: web.Request) -> web.Response:
    """Answer every workspace of the account, as a key for one of them does (seen live)."""
    size = request.app[WORKSPACE].db.execute("SELECT count(*) AS size FROM people").fetchone()
    counts = dict.fromkeys(
        ("messages_sent", "billable_messages_sent", "object_types", "objects"), 0
    )
    ours = {"id": WORKSPACE_ID, "name": "Sandbox", "people": size["size"], **counts}
    other = {"id": WORKSPACE_ID + 1, "name": "Staging", "people": 3, **counts}
    return success({"workspaces": [ours, other]})
