"""The one path prefix that belongs to the sandbox itself and to no vendor."""

from __future__ import annotations

from aiohttp import web

CONTROL = "/__sandbox__/"


def is_control(request: web.Request) -> bool:
    """Tell a request to the sandbox's own endpoints from one to the vendor's."""
    return request.path.startswith(CONTROL)
