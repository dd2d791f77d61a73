"""Runs both stand-ins on loopback: as a process that prints its URLs, or inside a test."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager

from sandbox.customerio.seed.newcomers import Cast
from sandbox.servers import MEMORY, Running, Settings, start

__all__ = ["Running", "main", "running", "serve"]


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
    thread = threading.Thread(target=_run, args=(settings, started, stop), daemon=True)
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
        announce(await start(settings, servers))
        await stop.wait()
