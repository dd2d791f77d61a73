"""The App API as an aiohttp application: who may ask, how often, and what answers."""

from __future__ import annotations

import time
from hmac import compare_digest

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.customerio.api import activities as activity_routes
from sandbox.customerio.api import customers as customer_routes
from sandbox.customerio.api import segments as segment_routes
from sandbox.customerio.api.answers import WORKSPACE, ApiError, failure
from sandbox.customerio.control import endpoints as control
from sandbox.customerio.limiter import Limiter, Refusal
from sandbox.customerio.workspace.store import Workspace
from sandbox.paths import is_control

MAX_BODY_BYTES = 256 * 1024 * 1024  # a long list of operations; the API's own bodies are short
APP_API_KEY = "sandbox0app0api0key0not0a0secret"


def make_app(workspace: Workspace, limiter: Limiter, region: str) -> web.Application:
    """Serve *workspace* as the host of one region does.

    The key is refused where the workspace is in the other region, as a wrong key is: the two
    hosts do not redirect to each other.
    """
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[_errors, _authorization(region), _limits(limiter)],
    )
    app[WORKSPACE] = workspace
    app.add_routes(segment_routes.routes())
    app[control.LIMITER] = limiter
    app.add_routes(customer_routes.routes())
    app.add_routes(activity_routes.routes())
    app.add_routes(control.routes())
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return failure(error.status, error.detail)
    except web.HTTPException as error:  # no such route, or not with this method
        return failure(error.status, error.reason)


def _authorization(region: str) -> Middleware:
    @web.middleware
    async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        right_key = compare_digest(given, f"Bearer {APP_API_KEY}".encode())
        right_region = request.app[WORKSPACE].settings.region == region
        if is_control(request) or (right_key and right_region):
            return await handler(request)
        return failure(401, "unauthorized")

    return authorize


def _limits(limiter: Limiter) -> Middleware:
    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = None if is_control(request) else limiter.admit(time.monotonic())
        return await handler(request) if refusal is None else _too_many(refusal)

    return limit


def _too_many(refusal: Refusal) -> web.Response:
    if refusal.retry_after_s is None:
        return failure(429, "daily quota exceeded")
    headers = {"Retry-After": str(refusal.retry_after_s)}
    return failure(429, "over the limit of requests per 1s", headers)
