"""What every data request passes: address length, version, session, the day's quota."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.salesforce.org import REQUESTS, Org
from sandbox.salesforce.rest.calls import ApiError, not_found
from sandbox.salesforce.rest.wire import refusal

MAX_URI_BYTES = 16_384
MAX_URI_AND_HEADER_BYTES = 16_384
FIRST_VERSION, LAST_VERSION = 52, 67

_VERSIONED = re.compile(r"/+services/data/v(\d+)\.(\d)(/|$)")


def gate(org: Org) -> Middleware:
    """Return the middleware that lets requests to *org* in, or says why not."""

    @web.middleware
    async def pass_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(org, request)
            answer = await handler(request)
        except ApiError as error:
            answer = refusal(error)
        except web.HTTPNotFound:
            answer = refusal(not_found())
        except web.HTTPMethodNotAllowed as error:
            message = f"HTTP Method '{error.method}' not allowed"
            answer = refusal(ApiError(405, "METHOD_NOT_ALLOWED", message))
        answer.headers.setdefault("Sforce-Limit-Info", _usage(org))
        return answer

    return pass_gate


def versions() -> list[dict[str, str]]:
    """Return what ``GET /services/data`` lists."""
    return [
        {"label": f"Version {each}", "url": f"/services/data/v{each}.0", "version": f"{each}.0"}
        for each in range(FIRST_VERSION, LAST_VERSION + 1)
    ]


def _usage(org: Org) -> str:
    requests = org.daily[REQUESTS]
    return f"api-usage={requests.used}/{requests.max}"


def _check(org: Org, request: web.Request) -> None:
    match = _VERSIONED.match(request.rel_url.raw_path)
    if match is None:
        return
    _check_length(request)
    if match[2] != "0" or not FIRST_VERSION <= int(match[1]) <= LAST_VERSION:
        raise not_found()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme not in ("Bearer", "OAuth") or not org.session_ok(token.strip()):
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if not org.daily[REQUESTS].take():
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def _check_length(request: web.Request) -> None:
    uri = len(request.raw_path.encode())
    if uri > MAX_URI_BYTES:
        raise ApiError(414, "URI_TOO_LONG", "The URI is longer than 16384 bytes")
    headers = sum(len(name) + len(value) for name, value in request.raw_headers)
    if uri + headers > MAX_URI_AND_HEADER_BYTES:
        raise ApiError(431, "HEADERS_TOO_LARGE", "URI and headers are longer than 16384 bytes")
