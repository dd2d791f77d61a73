"""The definitions of segments: listing, making, changing, archiving, deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from sandbox.customerio.conditions import compile_conditions
from sandbox.customerio.workspace.store import Workspace

MANUAL, DYNAMIC = "manual", "dynamic"


class SegmentError(ValueError):
    """What was asked cannot be done to a segment."""


class UnknownSegmentError(SegmentError):
    """No such segment, or an archived one, which the App API does not show either."""


class Definition(NamedTuple):
    """What a segment is made from; without *conditions* its members are put in by hand."""

    name: str
    conditions: Mapping[str, Any] | None = None
    description: str = ""
    tags: tuple[str, ...] = ()


def listed(workspace: Workspace) -> list[Any]:
    """Read the rows of all segments that are not archived, by id."""
    return workspace.db.execute("SELECT * FROM segments WHERE NOT archived ORDER BY id").fetchall()


def get(workspace: Workspace, segment_id: int, *, archived: bool = False) -> Any:
    """Read one row.

    Raises:
        UnknownSegmentError: There is none, or it is archived and *archived* is false.
    """
    row = workspace.db.execute("SELECT * FROM segments WHERE id = ?", (segment_id,)).fetchone()
    if row is None or (row["archived"] and not archived):
        raise UnknownSegmentError(f"segment {segment_id} does not exist")
    return row


def describe(row: Any) -> dict[str, Any]:
    """Show a segment as the App API does."""
    return {
        "id": row["id"],
        "deduplicate_id": f"{row['id']}:{row['updated_at']}",
        "name": row["name"],
        "description": row["description"],
        "state": row["state"],
        "progress": row["progress"],
        "type": row["type"],
        "tags": orjson.loads(row["tags"]) or None,
        "conditions": None if row["conditions"] is None else orjson.loads(row["conditions"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def create(workspace: Workspace, definition: Definition, segment_id: int | None = None) -> int:
    """Make a segment and return its id; nobody is in it yet.

    Raises:
        UnknownConditionError: The conditions are not ones the sandbox knows.
    """
    now = int(workspace.now())
    made = workspace.db.execute(
        "INSERT INTO segments (id, name, description, type, tags, conditions, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (segment_id, *_columns(definition), now, now),
    )
    return int(made.lastrowid or 0)


def replace(workspace: Workspace, segment_id: int, definition: Definition) -> None:
    """Give a segment another definition; who is in it is worked out elsewhere.

    Raises:
        UnknownConditionError: As for :func:`create`.
    """
    workspace.db.execute(
        "UPDATE segments SET name = ?, description = ?, type = ?, tags = ?, conditions = ?, "
        "updated_at = ? WHERE id = ?",
        (*_columns(definition), int(workspace.now()), segment_id),
    )


def definition_of(row: Any) -> Definition:
    """Read the definition back from a row."""
    conditions = None if row["conditions"] is None else orjson.loads(row["conditions"])
    return Definition(row["name"], conditions, row["description"], tuple(orjson.loads(row["tags"])))


def _columns(definition: Definition) -> tuple[str | None, ...]:
    tags = orjson.dumps(definition.tags).decode()
    if definition.conditions is None:
        return definition.name, definition.description, MANUAL, tags, None
    compile_conditions(definition.conditions)
    conditions = orjson.dumps(definition.conditions).decode()
    return definition.name, definition.description, DYNAMIC, tags, conditions


def delete(workspace: Workspace, segment_id: int) -> None:
    """Remove a segment and its memberships for good; its id is not used again."""
    workspace.db.execute("DELETE FROM memberships WHERE segment_id = ?", (segment_id,))
    workspace.db.execute("DELETE FROM segments WHERE id = ?", (segment_id,))


def set_columns(workspace: Workspace, segment_id: int, values: Mapping[str, object]) -> None:
    """Set columns that are no part of the definition: state, progress, archived and the like."""
    for column, value in values.items():
        workspace.db.execute(
            f"UPDATE segments SET {column} = ? WHERE id = ?",  # noqa: S608 - columns are named by our own code
            (value, segment_id),
        )
