"""Who is in which segment: worked out when people change, kept in a table, read in pages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from sandbox.customerio.activities import events_of
from sandbox.customerio.conditions import Facts, Predicate, compile_conditions
from sandbox.customerio.ids import membership_position, membership_token
from sandbox.customerio.profiles import Person, everyone
from sandbox.customerio.store import Workspace

# Which members of a segment can be seen while it is being built: a fixed share of all positions.
# Bound parameters: the segment, (the position behind which to read,) the visible percentage.
COUNT = """
SELECT count(*) AS size FROM memberships
WHERE segment_id = ? AND (position * 7919) % 100 < ?
"""
MEMBERS = """
SELECT position, cio_id, id, email FROM memberships JOIN people USING (position)
WHERE segment_id = ? AND position > ? AND (position * 7919) % 100 < ?
ORDER BY position LIMIT ?
"""


class Page(NamedTuple):
    """One page of members as (cio_id, id, email) and the token of the next ("" = last)."""

    members: list[tuple[str, str | None, str | None]]
    next: str


@lru_cache(maxsize=256)
def _predicate(conditions: str) -> Predicate:
    return compile_conditions(orjson.loads(conditions))


def _dynamic(workspace: Workspace) -> list[tuple[int, Predicate]]:
    rows = workspace.db.execute("SELECT id, conditions FROM segments WHERE conditions NOT NULL")
    return [(row["id"], _predicate(row["conditions"])) for row in rows]


def _facts(workspace: Workspace, person: Person) -> Facts:
    return Facts(
        person.all_attributes,
        lambda name: events_of(workspace, person.cio_id, name),
        int(workspace.now()),
    )


def reevaluate(workspace: Workspace, person: Person) -> None:
    """Put one person in the dynamic segments they belong to, and out of the others."""
    facts = _facts(workspace, person)
    for segment_id, belongs in _dynamic(workspace):
        change = add if belongs(facts) else remove
        change(workspace, segment_id, [person.position])


def reevaluate_all(workspace: Workspace) -> None:
    """Work out every dynamic segment anew, as time alone can move people in and out."""
    segments = _dynamic(workspace)
    members = [
        (segment_id, person.position)
        for person in everyone(workspace)
        for facts in [_facts(workspace, person)]
        for segment_id, belongs in segments
        if belongs(facts)
    ]
    workspace.db.execute(
        "DELETE FROM memberships WHERE segment_id IN "
        "(SELECT id FROM segments WHERE conditions NOT NULL)"
    )
    workspace.db.executemany("INSERT INTO memberships VALUES (?, ?)", members)


def add(workspace: Workspace, segment_id: int, positions: Iterable[int]) -> None:
    """Make people members; those who are already stay so."""
    rows = [(segment_id, position) for position in positions]
    workspace.db.executemany("INSERT OR IGNORE INTO memberships VALUES (?, ?)", rows)


def remove(workspace: Workspace, segment_id: int, positions: Iterable[int]) -> None:
    """End memberships, where there are any."""
    rows = [(segment_id, position) for position in positions]
    workspace.db.executemany("DELETE FROM memberships WHERE segment_id = ? AND position = ?", rows)


def count(workspace: Workspace, segment: Any) -> int:
    """Tell the size the App API reports, which the sandbox can make differ from the truth."""
    row = workspace.db.execute(COUNT, (segment["id"], segment["visible_percent"])).fetchone()
    return max(0, int(row["size"]) + int(segment["count_skew"]))


def read_page(workspace: Workspace, segment: Any, start: str, limit: int) -> Page:
    """Read the members of a segment behind the token *start*, in order of position.

    Pages are read as they are asked for: who joins behind the cursor meanwhile is not in any.

    Raises:
        BadTokenError: *start* is not a token of an earlier page.
    """
    size = min(limit, workspace.settings.page_cap or limit)
    where = segment["id"], membership_position(start), segment["visible_percent"]
    rows = workspace.db.execute(MEMBERS, (*where, size + 1))
    rows.row_factory = None
    found = rows.fetchall()
    shown = found[:size]
    token = membership_token(shown[-1][0]) if len(found) > size else ""
    kept = shown[: max(0, len(shown) - segment["page_drop"])]
    return Page([(cio_id, own, email) for _, cio_id, own, email in kept], token)


def segments_of(workspace: Workspace, person: Person) -> list[Any]:
    """Read the rows of the listed segments that a person is in, by segment id."""
    return workspace.db.execute(
        "SELECT segments.* FROM memberships JOIN segments ON id = segment_id "
        "WHERE position = ? AND NOT archived ORDER BY id",
        (person.position,),
    ).fetchall()
