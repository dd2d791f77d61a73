"""The App API's segment endpoints."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.customerio.api.answers import WORKSPACE, ApiError, limit_of, success
from sandbox.customerio.ids import BadTokenError
from sandbox.customerio.workspace import memberships, search, segments
from sandbox.customerio.workspace.profiles import or_null

DEFAULT_MEMBERS, MOST_MEMBERS = 1_000, 30_000  # App API reference, membership


def routes() -> list[web.RouteDef]:
    """List the routes."""
    return [
        web.get("/v1/segments", list_segments),
        web.get("/v1/segments/{segment_id}", get_segment),
        web.get("/v1/segments/{segment_id}/customer_count", count_customers),
        web.get("/v1/segments/{segment_id}/used_by", list_users),
        web.get("/v1/segments/{segment_id}/membership", list_members),
    ]


def _segment(request: web.Request) -> Any:
    given = request.match_info["segment_id"]
    try:
        return segments.get(request.app[WORKSPACE], int(given))
    except (segments.UnknownSegmentError, ValueError, OverflowError) as error:
        raise ApiError(404, "The segment_id does not exist.") from error


async def list_segments(request: web.Request) -> web.Response:
    """Answer ``{"segments": [...]}``; archived ones are not in it."""
    rows = segments.listed(request.app[WORKSPACE])
    return success({"segments": or_null(map(segments.describe, rows))})


async def get_segment(request: web.Request) -> web.Response:
    """Answer ``{"segment": {...}}``."""
    return success({"segment": segments.describe(_segment(request))})


async def count_customers(request: web.Request) -> web.Response:
    """Answer ``{"segment_id": 7, "count": 842}``."""
    segment = _segment(request)
    size = memberships.count(request.app[WORKSPACE], segment)
    return success({"segment_id": segment["id"], "count": size})


async def list_users(request: web.Request) -> web.Response:
    """Answer what uses the segment: nothing ever does here."""
    users: dict[str, object] = {"campaigns": [], "draft_newsletters": [], "sent_newsletters": []}
    return success({"used_by": {"segment_id": _segment(request)["id"], **users}})


async def list_members(request: web.Request) -> web.Response:
    """Answer a page: ``{"segment_id": 7, "ids": [...], "identifiers": [...], "next": "MDox"}``."""
    workspace, segment = request.app[WORKSPACE], _segment(request)
    limit = limit_of(request, DEFAULT_MEMBERS, MOST_MEMBERS)
    try:
        page = memberships.read_page(workspace, segment, request.query.get("start", ""), limit)
    except BadTokenError as error:
        raise ApiError(400, str(error)) from error
    return success(
        {"segment_id": segment["id"], **search.describe(page, workspace.settings.identifiers)}
    )
