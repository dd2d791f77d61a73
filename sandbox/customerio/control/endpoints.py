"""The sandbox's own endpoints of the Customer.io side.

``POST /__sandbox__/workspace`` takes a list of operations, in order, all or none, and answers one
result for each. ``GET /__sandbox__/truth`` tells who really is in what.
``POST /__sandbox__/limits`` sets the request limits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sandbox.customerio.api.answers import WORKSPACE, ApiError, success
from sandbox.customerio.conditions import UnknownConditionError
from sandbox.customerio.control import people as on_people
from sandbox.customerio.control import segments as on_segments
from sandbox.customerio.control import workspace as on_workspace
from sandbox.customerio.limiter import REQUESTS_PER_WINDOW, Limiter
from sandbox.customerio.workspace.people import PersonError
from sandbox.customerio.workspace.profiles import everyone
from sandbox.customerio.workspace.segments import SegmentError, listed
from sandbox.customerio.workspace.store import Workspace
from sandbox.paths import CONTROL

Operation = (
    on_people.CreatePerson
    | on_people.UpdatePerson
    | on_people.DeletePerson
    | on_people.SuppressPerson
    | on_people.MergePeople
    | on_people.TrackEvent
    | on_people.Purchase
    | on_people.AbandonCart
    | on_segments.CreateSegment
    | on_segments.EditSegment
    | on_segments.ArchiveSegment
    | on_segments.UnarchiveSegment
    | on_segments.DeleteSegment
    | on_segments.SetSegment
    | on_segments.AddMembers
    | on_segments.RemoveMembers
    | on_workspace.SetWorkspace
    | on_workspace.AdvanceClock
)
OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(
    list[Annotated[Operation, Field(discriminator="op")]]
)
REFUSALS = (PersonError, SegmentError, UnknownConditionError)


class Limits(BaseModel):
    """The request limits: *per_second* null is none; *quota_left* null is no daily quota.

    When nothing is left of the quota, the answer is a 429 without ``Retry-After``.
    """

    model_config = ConfigDict(extra="forbid")

    per_second: int | None = Field(default=REQUESTS_PER_WINDOW, ge=1)
    quota_left: int | None = Field(default=None, ge=0)


LIMITER = web.AppKey("limiter", Limiter)


def routes() -> list[web.RouteDef]:
    """List the control routes."""
    return [
        web.post(f"{CONTROL}workspace", _change),
        web.get(f"{CONTROL}truth", _truth),
        web.post(f"{CONTROL}limits", _limit),
    ]


async def _change(request: web.Request) -> web.Response:
    try:
        operations = OPERATIONS.validate_json(await request.read())
    except ValidationError as error:
        raise ApiError(400, str(error)) from error
    return success(apply_all(request.app[WORKSPACE], operations))


def apply_all(workspace: Workspace, operations: list[Operation]) -> list[dict[str, Any]]:
    """Carry out operations in one transaction.

    Raises:
        ApiError: One cannot be done; it is named by its place, and none was done.
    """
    with workspace.transaction():
        return [_apply(workspace, place, one) for place, one in enumerate(operations)]


def _apply(workspace: Workspace, place: int, operation: Operation) -> dict[str, Any]:
    try:
        return operation.apply(workspace)
    except REFUSALS as error:
        raise ApiError(400, f"operation {place} ({operation.op}): {error}") from error


async def _truth(request: web.Request) -> web.Response:
    return success(truth(request.app[WORKSPACE]))


def truth(workspace: Workspace) -> dict[str, Any]:
    """Tell who is in each listed segment, whatever its reads show, and who there is.

    ``{"segments": {"7": ["e2…"]}, "people": {"e2…": {"email": …, "id": …, "attributes": {…}}}}``
    """
    people = {one.position: one for one in everyone(workspace)}
    members: defaultdict[int, list[str]] = defaultdict(list)
    for segment_id, position in workspace.db.execute("SELECT * FROM memberships"):
        members[segment_id].append(people[position].cio_id)
    return {
        "segments": {str(row["id"]): members[row["id"]] for row in listed(workspace)},
        "people": {
            one.cio_id: {"email": one.email, "id": one.id, "attributes": one.attributes}
            for one in people.values()
        },
    }


async def _limit(request: web.Request) -> web.Response:
    try:
        limits = Limits.model_validate_json(await request.read())
    except ValidationError as error:
        raise ApiError(400, str(error)) from error
    limiter = request.app[LIMITER]
    limiter.per_second, limiter.quota_left = limits.per_second, limits.quota_left
    return web.Response(status=204)
