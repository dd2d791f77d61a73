"""How the App API words its answers, and reads its queries."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from sandbox.customerio.workspace.store import Workspace

WORKSPACE = web.AppKey("workspace", Workspace)

# Left unencoded in a path or a query these give an empty answer with 200, not an error
# (https://docs.customer.io/integrations/api/customerio-apis/). "&" ends the value by itself.
MUST_BE_ENCODED = frozenset("+@ ")


class ApiError(Exception):
    """An answer other than 200, raised where it is found out."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def success(body: object) -> web.Response:
    """Answer 200 with JSON."""
    headers = {"Cache-Control": "must-revalidate,no-cache,no-store"}
    return web.Response(body=orjson.dumps(body), content_type="application/json", headers=headers)


def failure(status: int, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with the envelope ``{"errors": [{"detail": "unauthorized", "status": "401"}]}``."""
    body = orjson.dumps({"errors": [{"detail": detail, "status": str(status)}]})
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def limit_of(request: web.Request, default: int, maximum: int) -> int:
    """Read ``limit``. What the vendor does with one that is too big is unknown: here it is a 400.

    Raises:
        ApiError: It is no number from 1 to *maximum*.
    """
    given = request.query.get("limit", str(default))
    if not given.isdecimal() or not 1 <= int(given) <= maximum:
        raise ApiError(400, f"limit must be a number from 1 to {maximum}")
    return int(given)


async def body_of(request: web.Request) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ApiError: The body is not one.
    """
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError(400, "the body is not an object")
    return body


def is_unencoded(raw_value: str) -> bool:
    """Tell whether a raw path part or query value holds what should have been encoded."""
    return not MUST_BE_ENCODED.isdisjoint(raw_value)
