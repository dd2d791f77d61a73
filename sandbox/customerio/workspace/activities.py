"""The activity log: what happened to whom, newest first by its own time, not by arrival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from sandbox.customerio.conditions import Event
from sandbox.customerio.ids import activity_position, activity_token, ulid
from sandbox.customerio.workspace.store import Workspace

EVENT = "event"

Identifiers = Mapping[str, str | None]


class Activity(NamedTuple):
    """One thing that happened. *timestamp* is in unix seconds and may lie in the past."""

    type: str
    identifiers: Identifiers
    timestamp: int
    data: Mapping[str, Any]
    name: str | None = None


class Wanted(NamedTuple):
    """Which activities a reader asks for. ``None`` asks for all."""

    type: str | None = None
    name: str | None = None
    cio_id: str | None = None
    deleted: bool = False


class Page(NamedTuple):
    """Activities in the API's shape, and the token of the page behind them ("" = none)."""

    activities: list[dict[str, Any]]
    next: str


def log(workspace: Workspace, activities: Iterable[Activity]) -> None:
    """Append activities in the order given."""
    first = _last_sequence(workspace) + 1
    arrived_ms = int(workspace.now() * 1000)
    rows = [
        (number, ulid(arrived_ms, number), *_columns(activity))
        for number, activity in enumerate(activities, first)
    ]
    workspace.db.executemany("INSERT INTO activities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _last_sequence(workspace: Workspace) -> int:
    row = workspace.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'activities'")
    found = row.fetchone()
    return int(found["seq"]) if found else 0


def _columns(activity: Activity) -> tuple[object, ...]:
    return (
        activity.type,
        activity.name,
        activity.timestamp,
        activity.identifiers["cio_id"],
        orjson.dumps(activity.identifiers).decode(),
        orjson.dumps(activity.data).decode(),
    )


def events_of(workspace: Workspace, cio_id: str, name: str) -> Sequence[Event]:
    """List one person's events of one name, in no particular order."""
    rows = workspace.db.execute(
        "SELECT timestamp, data FROM activities WHERE cio_id = ? AND type = ? AND name = ?",
        (cio_id, EVENT, name),
    )
    return [Event(row["timestamp"], orjson.loads(row["data"])) for row in rows]


def read_page(workspace: Workspace, wanted: Wanted, start: str, limit: int) -> Page:
    """Read at most *limit* activities behind the token *start*, newest first.

    People who were deleted are in it only when *wanted* says so; then they come with the others
    (App API reference, activities: ``deleted`` does not narrow).

    Raises:
        BadTokenError: *start* is not a token of an earlier page.
    """
    clauses, values = _where(wanted, start)
    rows = workspace.db.execute(
        f"SELECT * FROM activities WHERE {clauses} "  # noqa: S608 - clauses are our own literals
        "ORDER BY timestamp DESC, sequence DESC LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    shown = rows[:limit]
    more = len(rows) > limit
    token = activity_token(shown[-1]["timestamp"], shown[-1]["sequence"]) if more else ""
    return Page([_shape(row) for row in shown], token)


def _where(wanted: Wanted, start: str) -> tuple[str, list[object]]:
    tests: list[tuple[str, Sequence[object]]] = [("1", ())]
    if start:
        tests.append(("(timestamp, sequence) < (?, ?)", activity_position(start)))
    if wanted.type is not None:
        tests.append(("type = ?", [wanted.type]))
    if wanted.name is not None:
        named = (
            "(name = ? OR (type = 'attribute_change' AND ? IN (SELECT key FROM json_each(data))))"
        )
        tests.append((named, [wanted.name] * 2))
    if wanted.cio_id is not None:
        tests.append(("cio_id = ?", [wanted.cio_id]))
    if not wanted.deleted:
        tests.append(("cio_id IN (SELECT cio_id FROM people)", ()))
    return " AND ".join(test for test, _ in tests), [value for _, some in tests for value in some]


def _shape(row: Any) -> dict[str, Any]:
    identifiers = orjson.loads(row["identifiers"])
    named = {} if row["name"] is None else {"name": row["name"]}
    return {
        "id": row["id"],
        "type": row["type"],
        **named,
        "timestamp": row["timestamp"],
        "customer_id": identifiers["id"],
        "customer_identifiers": identifiers,
        "data": orjson.loads(row["data"]),
    }
