"""The operator's endpoints: change the org behind the client's back, and see what is in it.

``POST /__sandbox__/org`` takes a list of operations, each an object with one key, its name:
``[{"lock": {"object": "Contact", "where": {"Email": "a@x.example"}, "times": 2}}]``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.paths import CONTROL
from sandbox.salesforce.control.operations import OPERATIONS
from sandbox.salesforce.org import Org, Writes
from sandbox.salesforce.rest.calls import Answer
from sandbox.salesforce.rest.wire import response


def routes(org: Org) -> list[web.RouteDef]:
    """Return the control routes of *org*."""

    async def operate(request: web.Request) -> web.Response:
        operations = orjson.loads(await request.read())
        return _answered(lambda: _operate_all(org, operations))

    async def records(request: web.Request) -> web.Response:
        return _answered(lambda: _records(org, request.query["object"]))

    async def writes(_request: web.Request) -> web.Response:
        return response(Answer(200, _writes(org)))

    async def reset(_request: web.Request) -> web.Response:
        org.writes = Writes()
        return response(Answer(204))

    return [
        web.post(f"{CONTROL}org", operate),
        web.get(f"{CONTROL}records", records),
        web.get(f"{CONTROL}writes", writes),
        web.delete(f"{CONTROL}writes", reset),
    ]


def _answered(act: Callable[[], Any]) -> web.Response:
    try:
        return response(Answer(200, act()))
    except (KeyError, TypeError, ValueError, LookupError, sqlite3.Error) as error:
        return response(Answer(400, {"error": f"{type(error).__name__}: {error}"}))


def _operate_all(org: Org, operations: list[dict[str, Any]]) -> list[Any]:
    """Carry out *operations* in order; if one fails, no record is changed by any."""
    with org.transaction():
        return [_operate(org, each) for each in operations]


def _operate(org: Org, operation: dict[str, Any]) -> Any:
    [(name, arguments)] = operation.items()
    if name not in OPERATIONS:
        raise LookupError(f"no operation {name}; there are {', '.join(sorted(OPERATIONS))}")
    return OPERATIONS[name](org, arguments)


def _records(org: Org, name: str) -> list[dict[str, Any]]:
    sobject = org.sobject(name)
    names = list(sobject.fields)
    booleans = [at for at, each in enumerate(sobject.fields.values()) if each.type == "boolean"]
    columns = ", ".join(f'"{each}"' for each in names)
    found = []
    for row in org.rows(f'SELECT {columns} FROM "{sobject.name}" WHERE "IsDeleted" = 0'):  # noqa: S608  -- names of the schema
        record = dict(zip(names, row, strict=True))
        for at in booleans:
            record[names[at]] = bool(row[at])
        found.append(record)
    return found


def _writes(org: Org) -> dict[str, Any]:
    totals = dict.fromkeys(("created", "updated", "deleted"), 0)
    objects: dict[str, dict[str, int]] = {}
    for (name, verb), rows in org.writes.rows.items():
        objects.setdefault(name, dict.fromkeys(totals, 0))[verb] = rows
        totals[verb] += rows
    return {**totals, "calls": org.writes.calls, "objects": objects}
