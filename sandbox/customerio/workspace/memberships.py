"""Who is in which segment: worked out when people change, kept in a table, read in pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import orjson

from sandbox.customerio.conditions import Facts, Predicate, compile_conditions
from sandbox.customerio.filters import Where
from sandbox.customerio.workspace import search
from sandbox.customerio.workspace.activities import events_of
from sandbox.customerio.workspace.profiles import Person, everyone
from sandbox.customerio.workspace.search import Page
from sandbox.customerio.workspace.store import Workspace

# While a segment is being built reads show a fixed share of all positions: in SQL, the segment and
# the share in percent.
VISIBLE = "segment_id = ? AND (position * 7919) % 100 < ?"
COUNT = f"SELECT count(*) AS size FROM memberships WHERE {VISIBLE}"  # noqa: S608 - our own literals
MEMBERS = "memberships JOIN people USING (position)"


@lru_cache(maxsize=256)
def _predicate(conditions: str) -> Predicate:
    return compile_conditions(orjson.loads(conditions))


def _dynamic(workspace: Workspace) -> dict[int, Predicate]:
    rows = workspace.db.execute("SELECT id, conditions FROM segments WHERE conditions NOT NULL")
    return {row["id"]: _predicate(row["conditions"]) for row in rows}


def _facts(workspace: Workspace, person: Person) -> Facts:
    return Facts(
        person.all_attributes,
        lambda name: events_of(workspace, person.cio_id, name),
        int(workspace.now()),
    )


def reevaluate(workspace: Workspace, person: Person) -> None:
    """Put one person in the dynamic segments they belong to, and out of the others."""
    facts = _facts(workspace, person)
    for segment_id, belongs in _dynamic(workspace).items():
        change = add if belongs(facts) else remove
        change(workspace, segment_id, [person.position])


def reevaluate_all(workspace: Workspace, only: Collection[int] | None = None) -> None:
    """Work out the dynamic segments among *only* (None: all) anew, for everybody.

    For when the conditions changed, or time, which alone can move people in and out.
    """
    emptied = [(number,) for number in _dynamic(workspace) if only is None or number in only]
    workspace.db.executemany("DELETE FROM memberships WHERE segment_id = ?", emptied)
    evaluate(workspace, everyone(workspace), only)


def evaluate(
    workspace: Workspace, people: Iterable[Person], only: Collection[int] | None = None
) -> None:
    """Put people who are in none of the dynamic segments among *only* where they belong."""
    dynamic = _dynamic(workspace)
    segments = {number: dynamic[number] for number in dynamic if only is None or number in only}
    members = (
        (segment_id, person.position)
        for person in people
        for facts in [_facts(workspace, person)]
        for segment_id, belongs in segments.items()
        if belongs(facts)
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
    """Read a page of the members of a segment, as ``search.read_page`` does.

    The sandbox can make pages smaller than asked for, and make each of them lose members.
    """
    where = Where(VISIBLE, (segment["id"], segment["visible_percent"]), MEMBERS)
    size = min(limit, workspace.settings.page_cap or limit)
    page = search.read_page(workspace, where, start, size)
    kept = max(0, len(page.members) - segment["page_drop"])
    return page._replace(members=page.members[:kept])


def segments_of(workspace: Workspace, person: Person) -> list[Any]:
    """Read the rows of the listed segments that a person is in, by segment id."""
    return workspace.db.execute(
        "SELECT segments.* FROM memberships JOIN segments ON id = segment_id "
        "WHERE position = ? AND NOT archived ORDER BY id",
        (person.position,),
    ).fetchall()
