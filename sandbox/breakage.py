"""Makes requests go wrong as the fault table says, down to the socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from functools import singledispatch

import orjson
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from sandbox.faults import (
    Action,
    Answer,
    Asked,
    Control,
    Delay,
    Fault,
    FaultTable,
    Garbage,
    Hang,
    Late,
    Reset,
    Truncate,
)
from sandbox.paths import CONTROL, is_control

FAULTS = web.AppKey("faults", FaultTable)
LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST at once

Handled = Callable[[], Awaitable[web.StreamResponse]]


@web.middleware
async def meddle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request meet its fault, if it has one."""
    if is_control(request):
        return await handler(request)
    action = request.app[FAULTS].meet(await _asked(request))
    if action is None:
        return await handler(request)
    return await _act(action, request, lambda: handler(request))


async def _asked(request: web.Request) -> Asked:
    body = await request.read() if request.app[FAULTS].looks_at_bodies else b""
    content = body.decode(errors="replace")
    return Asked(method=request.method, path=request.raw_path, body=content)


@singledispatch
async def _act(action: Action, _request: web.Request, _handle: Handled) -> web.StreamResponse:
    raise TypeError(f"no way to do {type(action).__name__}")


@_act.register
async def _answer(action: Answer, _request: web.Request, _handle: Handled) -> web.StreamResponse:
    is_text = isinstance(action.body, str)
    body = action.body.encode() if is_text else orjson.dumps(action.body)
    kind = "text/html" if is_text else "application/json"
    headers = {"Content-Type": kind, **action.headers}
    return web.Response(status=action.status, body=body, headers=headers)


@_act.register
async def _garbage(action: Garbage, _request: web.Request, _handle: Handled) -> web.StreamResponse:
    return web.Response(text=action.garbage, content_type="text/html")


@_act.register
async def _reset(action: Reset, request: web.Request, handle: Handled) -> web.StreamResponse:
    response = web.Response() if action.reset == "before" else await handle()
    _break(request)
    return response


def _break(request: web.Request) -> None:
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()


@_act.register
async def _late(action: Late, request: web.Request, handle: Handled) -> web.StreamResponse:
    await request.read()  # while there is a connection to read from
    _break(request)
    await asyncio.sleep(action.late_s)
    return await handle()


@_act.register
async def _hang(action: Hang, _request: web.Request, handle: Handled) -> web.StreamResponse:
    response = await handle()
    await asyncio.sleep(action.hang_s)
    return response


@_act.register
async def _delay(action: Delay, _request: web.Request, handle: Handled) -> web.StreamResponse:
    await asyncio.sleep(action.delay_ms / 1000)
    return await handle()


@_act.register
async def _truncate(_action: Truncate, request: web.Request, handle: Handled) -> web.StreamResponse:
    whole = await handle()
    body = whole.body if isinstance(whole, web.Response) else None
    content = bytes(body) if isinstance(body, bytes | bytearray) else b""
    half = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    half.content_length = len(content)
    half.force_close()
    await half.prepare(request)
    await half.write(content[: len(content) // 2])
    return half


@_act.register
async def _control(action: Control, request: web.Request, handle: Handled) -> web.StreamResponse:
    url = f"http://{request.host}{action.control.path}"
    async with (
        ClientSession() as session,
        session.post(url, json=action.control.body) as answer,
    ):
        answer.raise_for_status()
    return await handle()


def routes() -> list[web.RouteDef]:
    """List the control routes."""
    path = f"{CONTROL}faults"
    return [web.post(path, _add), web.get(path, _list), web.delete(path, _clear)]


async def _add(request: web.Request) -> web.Response:
    try:
        request.app[FAULTS].add(Fault.model_validate_json(await request.read()))
    except ValidationError as error:
        return web.Response(status=400, text=error.json(), content_type="application/json")
    return web.Response(status=204)


async def _list(request: web.Request) -> web.Response:
    left = [fault.model_dump() for fault in request.app[FAULTS].remaining()]
    return web.Response(body=orjson.dumps(left), content_type="application/json")


async def _clear(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    return web.Response(status=204)
