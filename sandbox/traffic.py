"""What was asked of a stand-in: counts by route, and when the latest requests came."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.paths import CONTROL, is_control

MOST_REMEMBERED = 20_000
NO_ROUTE = "(no route)"


class Traffic:
    """A request log. Control requests are not in it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.recent: deque[dict[str, Any]] = deque(maxlen=MOST_REMEMBERED)

    def note(self, request: str, at_s: float) -> dict[str, Any]:
        """Count a request at its arrival; its entry gets the status when there is one."""
        self.counts[request] += 1
        entry = {"at": at_s, "request": request, "status": None}
        self.recent.append(entry)
        return entry

    def reset(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.recent.clear()

    def report(self) -> dict[str, Any]:
        """Show ``{"total": 2, "counts": {"GET /v1/segments": 2}, "recent": [{"at": 1.5, ...}]}``.

        ``at`` is in seconds of a clock that never goes back; a request that has no answer (yet)
        has the status null.
        """
        return {
            "total": self.counts.total(),
            "counts": dict(self.counts),
            "recent": list(self.recent),
        }


TRAFFIC = web.AppKey("traffic", Traffic)


@web.middleware
async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note every request that is not to the sandbox itself."""
    if is_control(request):
        return await handler(request)
    entry = request.app[TRAFFIC].note(_template(request), time.monotonic())
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        entry["status"] = answer.status
        raise
    entry["status"] = response.status
    return response


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else NO_ROUTE}"


def routes() -> list[web.RouteDef]:
    """List the control routes."""
    return [
        web.get(f"{CONTROL}requests", _report),
        web.delete(f"{CONTROL}requests", _reset),
    ]


async def _report(request: web.Request) -> web.Response:
    body = orjson.dumps(request.app[TRAFFIC].report())
    return web.Response(body=body, content_type="application/json")


async def _reset(request: web.Request) -> web.Response:
    request.app[TRAFFIC].reset()
    return web.Response(status=204)
