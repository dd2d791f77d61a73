"""The Salesforce stand-in as an aiohttp application."""

from __future__ import annotations

from aiohttp import web

from sandbox.salesforce import auth, bulk
from sandbox.salesforce.control.endpoints import routes as control_routes
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest import collections, composite, limits, metadata, query, records
from sandbox.salesforce.rest.calls import Answer, Route, Router
from sandbox.salesforce.rest.gate import gate, versions
from sandbox.salesforce.rest.wire import http_routes, response

# A Bulk job's data, base64 of which is limited to 150 MB, is the largest thing a client sends.
MAX_BODY_BYTES = 160 * 1024 * 1024


def make_app(org: Org) -> web.Application:
    """Return the application that serves *org*."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[gate(org)])
    simple = simple_routes()
    app.add_routes(http_routes(org, [*composite.routes(Router(simple)), *simple]))
    app.add_routes([web.get("/services/data", _versions), web.get("/services/data/", _versions)])
    app.add_routes(auth.routes(org))
    app.add_routes(bulk.routes(org))
    app.add_routes(control_routes(org))
    return app


def simple_routes() -> list[Route]:
    """Return the routes that Composite may call too."""
    return [
        *metadata.routes(),
        *query.routes(),
        *collections.routes(),
        *records.routes(),
        *limits.routes(),
    ]


async def _versions(_request: web.Request) -> web.Response:
    return response(Answer(200, versions()))
