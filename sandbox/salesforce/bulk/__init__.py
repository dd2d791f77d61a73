"""Bulk API 2.0: ingest and query jobs, worked off behind the requests."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from sandbox.paths import CONTROL
from sandbox.salesforce.bulk import ingest_routes, query_routes
from sandbox.salesforce.bulk.desk import Desk
from sandbox.salesforce.bulk.faults import Behaviour
from sandbox.salesforce.org import Org


def routes(org: Org) -> list[web.RouteDef]:
    """Return the routes; the jobs live as long as they do."""
    desk = Desk(org)

    async def change(request: web.Request) -> web.Response:
        try:
            desk.behaviour = desk.behaviour.changed(await request.read())
        except ValidationError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response(desk.behaviour.model_dump())

    async def reset(_request: web.Request) -> web.Response:
        desk.behaviour = Behaviour()
        return web.Response(status=204)

    return [
        *ingest_routes.routes(desk),
        *query_routes.routes(desk),
        web.post(f"{CONTROL}bulk", change),
        web.delete(f"{CONTROL}bulk", reset),
    ]
