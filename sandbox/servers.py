"""The servers: what is served, where it can be reached, and how one is put together.

One event loop, one process. Every server gets the request log and the faults; what the vendors'
applications do is none of this module's business.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from sandbox import breakage, traffic
from sandbox.control import CustomerioControl, SalesforceControl
from sandbox.customerio.app import APP_API_KEY
from sandbox.customerio.app import make_app as make_customerio
from sandbox.customerio.limiter import REQUESTS_PER_WINDOW, Limiter
from sandbox.customerio.seed.newcomers import Cast
from sandbox.customerio.seed.plant import is_planted, plant
from sandbox.customerio.workspace.store import Workspace
from sandbox.faults import FaultTable
from sandbox.salesforce.app import make_app as make_salesforce
from sandbox.salesforce.auth import credentials
from sandbox.salesforce.org import Org

LOOPBACK = "127.0.0.1"
MEMORY = ":memory:"
MAX_LINE_BYTES = 65_536  # what is too long for a vendor, the vendor's application has to say
SHUTDOWN_S = 0.5  # an answer kept back by a fault does not keep the process alive


@dataclass(frozen=True)
class Settings:
    """What to serve.

    Port 0 is any free one; *db* is a path, or ``:memory:`` to keep nothing.

    With a path, each side has a file of its own beside it; one that exists is used as it is.
    """

    cast: Cast = field(default_factory=lambda: Cast(2_000))
    db: str = MEMORY
    customerio_port: int = 0
    salesforce_port: int = 0
    rate_limit: bool = False

    def file(self, side: str) -> str:
        """Name the file of one side: ``box.db`` is ``box.customerio.db`` and so on."""
        path = Path(self.db)
        return self.db if self.db == MEMORY else str(path.with_suffix(f".{side}{path.suffix}"))


@dataclass(frozen=True)
class Running:
    """Where the stand-ins are, what gets you in, and what changes them."""

    customerio: str
    customerio_eu: str
    salesforce: str
    app_api_key: str
    salesforce_auth: dict[str, Any] = field(repr=False)

    @cached_property
    def customerio_control(self) -> CustomerioControl:
        """The control client of the Customer.io side."""
        return CustomerioControl(self.customerio)

    @cached_property
    def salesforce_control(self) -> SalesforceControl:
        """The control client of the Salesforce side."""
        return SalesforceControl(self.salesforce)

    def as_json(self) -> bytes:
        """Write the URLs and credentials as one line of JSON."""
        return orjson.dumps(self)


async def start(settings: Settings, servers: AsyncExitStack) -> Running:
    """Start every server; leaving *servers* stops them and closes the data."""
    workspace = _workspace(settings)
    servers.callback(workspace.db.close)
    org = Org.open(settings.file("salesforce"))
    servers.callback(org.db.close)
    limiter = Limiter(REQUESTS_PER_WINDOW if settings.rate_limit else None)
    us, eu = (make_customerio(workspace, limiter, region) for region in ("us", "eu"))
    return Running(
        customerio=await _listen(us, settings.customerio_port, servers),
        customerio_eu=await _listen(eu, 0, servers),
        salesforce=await _listen(make_salesforce(org), settings.salesforce_port, servers),
        app_api_key=APP_API_KEY,
        salesforce_auth=credentials(),
    )


def _workspace(settings: Settings) -> Workspace:
    workspace = Workspace.open(settings.file("customerio"), time.time)
    if not is_planted(workspace):
        plant(workspace, settings.cast)
    return workspace


async def _listen(app: web.Application, port: int, servers: AsyncExitStack) -> str:
    _wrap(app)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
    )
    await runner.setup()
    servers.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, LOOPBACK, port)
    await site.start()
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"


def _wrap(app: web.Application) -> None:
    """Put the request log, and inside it the faults, around everything the application does."""
    app[traffic.TRAFFIC] = traffic.Traffic()
    app[breakage.FAULTS] = FaultTable()
    app.middlewares[:0] = [traffic.watch, breakage.meddle]
    app.add_routes(traffic.routes())
    app.add_routes(breakage.routes())
