"""The App API's endpoints for people: attributes in batches and one by one, look-ups, search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.customerio.api.answers import (
    WORKSPACE,
    ApiError,
    body_of,
    is_unencoded,
    limit_of,
    success,
)
from sandbox.customerio.api.references import UnencodedError, id_type_of, person_of, raw_value
from sandbox.customerio.filters import FilterError, compile_filter
from sandbox.customerio.ids import BadTokenError
from sandbox.customerio.workspace import memberships, profiles, search

# App API reference: batch attributes takes at most 100 ids; search gives 50 people, at most 1000.
MOST_IDS = 100
DEFAULT_FOUND, MOST_FOUND = 50, 1_000


def routes() -> list[web.RouteDef]:
    """List the routes."""
    return [
        web.post("/v1/customers/attributes", batch_attributes),
        web.post("/v1/customers", search_customers),
        web.get("/v1/customers", look_up),
        web.get("/v1/customers/{customer_id}/attributes", get_attributes),
        web.get("/v1/customers/{customer_id}/segments", list_segments),
    ]


async def batch_attributes(request: web.Request) -> web.Response:
    """Answer ``{"customers": [{"id": ..., "identifiers": {...}, "attributes": {...}}]}``.

    Items are not wrapped in ``customer``, whatever the vendor's reference shows (seen live
    2026-10-07). People nobody knows are left out.
    """
    workspace, id_type = request.app[WORKSPACE], id_type_of(request)
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


def _references(body: Mapping[str, Any]) -> list[str]:
    given = body.get("ids")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_IDS:
        raise ApiError(400, f"ids must be a list of 1 to {MOST_IDS}")
    if not all(isinstance(reference, str) for reference in given):
        raise ApiError(400, "ids must be strings")
    return given


async def search_customers(request: web.Request) -> web.Response:
    """Answer ``{"identifiers": [...], "ids": [...], "next": "MDox"}``: people a filter matches."""
    limit = limit_of(request, DEFAULT_FOUND, MOST_FOUND)
    try:
        where = compile_filter((await body_of(request)).get("filter"))
        page = search.read_page(
            request.app[WORKSPACE], where, request.query.get("start", ""), limit
        )
    except (FilterError, BadTokenError) as error:
        raise ApiError(400, str(error)) from error
    return success(search.describe(page, request.app[WORKSPACE].settings.identifiers))


async def look_up(request: web.Request) -> web.Response:
    """Answer ``{"results": [...]}``: who has this e-mail address; nobody is an empty list."""
    found = profiles.find(request.app[WORKSPACE], [request.query.get("email", "")], "email")
    lost = is_unencoded(raw_value(request, "email"))
    return success({"results": [] if lost else [person.identifiers for person in found]})


async def get_attributes(request: web.Request) -> web.Response:
    """Answer ``{"customer": {...}}``, wrapped here; 404 for nobody."""
    try:
        person = person_of(request)
    except UnencodedError:
        return success({"customer": None})
    reference = request.match_info["customer_id"]
    return success({"customer": profiles.describe(person, reference)})


async def list_segments(request: web.Request) -> web.Response:
    """Answer ``{"segments": [{"id": 7, "name": ..., "description": ...}]}``; 404 for nobody."""
    try:
        rows = memberships.segments_of(request.app[WORKSPACE], person_of(request))
    except UnencodedError:
        rows = []
    shown = ({name: row[name] for name in ("id", "name", "description")} for row in rows)
    return success({"segments": profiles.or_null(shown)})
