"""The App API's endpoints for people: attributes in batches and one by one, look-ups, search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.customerio import profiles
from sandbox.customerio.answers import WORKSPACE, ApiError, body_of, success
from sandbox.customerio.store import Workspace

MOST_IDS = 100  # App API reference, batch attributes: maxItems


def routes() -> list[web.RouteDef]:
    """List the routes."""
    return [
        web.post("/v1/customers/attributes", batch_attributes),
    ]


async def batch_attributes(request: web.Request) -> web.Response:
    """Answer ``{"customers": [{"id": ..., "identifiers": {...}, "attributes": {...}}]}``.

    Items are not wrapped in ``customer``, whatever the vendor's reference shows (seen live
    2026-10-07). People nobody knows are left out.
    """
    workspace, id_type = request.app[WORKSPACE], _id_type(request)
    references = _references(await body_of(request))
    people = profiles.find(workspace, references, id_type)
    by_key = {profiles.key_of(reference, id_type): reference for reference in references}
    key = KEYS[id_type]
    shown = (profiles.describe(person, by_key[key(person)]) for person in people)
    return success({"customers": profiles.or_null(shown)})


KEYS: Mapping[str, Callable[[profiles.Person], str]] = {
    "id": lambda person: person.id or "",
    "email": lambda person: (person.email or "").lower(),
    "cio_id": lambda person: person.cio_id,
}


def _id_type(request: web.Request) -> str:
    given = request.query.get("id_type", "id")
    if given not in enabled(request.app[WORKSPACE]):
        raise ApiError(400, f"{given} is not an identifier of this workspace")
    return given


def enabled(workspace: Workspace) -> tuple[str, ...]:
    """List the kinds of reference the workspace accepts."""
    return (*workspace.settings.identifiers, "cio_id")


def _references(body: Mapping[str, Any]) -> list[str]:
    given = body.get("ids")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_IDS:
        raise ApiError(400, f"ids must be a list of 1 to {MOST_IDS}")
    if not all(isinstance(reference, str) for reference in given):
        raise ApiError(400, "ids must be strings")
    return given
