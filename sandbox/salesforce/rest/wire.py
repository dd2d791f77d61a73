"""HTTP to calls, answers to HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from aiohttp import web

from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, ApiError, Call, Route

DATA = "/services/data/v{version}"


def http_routes(org: Org, routes: Iterable[Route]) -> list[web.RouteDef]:
    """Return *routes* for aiohttp, each with and without a slash at its end."""
    made = []
    for route in routes:
        path = DATA + route.template.rstrip("/")
        serve = _serving(org, route)
        made += [web.route(route.method, each, serve) for each in (path, f"{path}/")]
    return made


def _serving(org: Org, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        return response(route.handler(org, await _call(request)))

    return serve


async def _call(request: web.Request) -> Call:
    params = dict(request.match_info)
    version = params.pop("version")
    return Call(version, params, request.query, request.headers, await _body(request))


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    if not raw:
        return None
    if request.content_type != "application/json":
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise ApiError(400, "JSON_PARSER_ERROR", "The request body is not JSON") from None


def response(answer: Answer) -> web.Response:
    """Return *answer* as HTTP."""
    if answer.body is None:
        return web.Response(status=answer.status)
    body = orjson.dumps(answer.body)
    return web.Response(
        status=answer.status, body=body, content_type="application/json", charset="UTF-8"
    )


def refusal(error: ApiError) -> web.Response:
    """Return what a client gets for *error*."""
    return response(Answer(error.status, error.body))
