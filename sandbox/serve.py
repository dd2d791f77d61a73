"""Runs both stand-ins on loopback: as a process that prints its URLs, or inside a test.

One event loop, one process. Every server gets the request log and the faults; what the vendors'
applications do is none of this module's business.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
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
from sandbox.customerio.newcomers import Cast
from sandbox.customerio.seed import plant
from sandbox.customerio.segments import listed
from sandbox.customerio.store import Workspace
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


@contextmanager
def running(
    people: int = 2_000,
    seed: int = 1,
    *,
    rate_limit: bool = False,
    db: str = MEMORY,
    all_in: int | None = None,
) -> Iterator[Running]:
    """Serve both stand-ins from a thread of this process until the block ends.

    Args:
        people: How many people a new workspace has.
        seed: The random seed that they are made with.
        rate_limit: Whether the App API refuses more than 10 requests a second.
        db: As in :class:`Settings`.
        all_in: A segment that everybody is to be in.
    """
    settings = Settings(Cast(people, seed, all_in), db, rate_limit=rate_limit)
    started: Future[tuple[asyncio.AbstractEventLoop, Running]] = Future()
    stop = asyncio.Event()
    thread = threading.Thread(target=_run, args=(settings, started, stop), name="sandbox")
    thread.start()
    loop, servers = started.result()
    try:
        yield servers
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(
    settings: Settings,
    started: Future[tuple[asyncio.AbstractEventLoop, Running]],
    stop: asyncio.Event,
) -> None:
    def announce(servers: Running) -> None:
        started.set_result((asyncio.get_running_loop(), servers))

    try:
        asyncio.run(serve(settings, announce, stop))
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)


def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; print one line of JSON when ready."""

    async def until_signalled() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(settings, _print, stop)

    asyncio.run(until_signalled())


def _print(servers: Running) -> None:
    sys.stdout.buffer.write(servers.as_json() + b"\n")
    sys.stdout.buffer.flush()


async def serve(
    settings: Settings, announce: Callable[[Running], None], stop: asyncio.Event
) -> None:
    """Serve, tell *announce* where once it can be reached, and end when *stop* is set."""
    async with AsyncExitStack() as servers:
        announce(await _start(settings, servers))
        await stop.wait()


async def _start(settings: Settings, servers: AsyncExitStack) -> Running:
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
    if not listed(workspace):
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
