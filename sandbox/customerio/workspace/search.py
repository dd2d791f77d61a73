"""Pages of people: those in a segment, or those a search filter matches, in one order and shape."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

from sandbox.customerio.filters import Where
from sandbox.customerio.ids import membership_position, membership_token
from sandbox.customerio.workspace.store import Workspace


class Page(NamedTuple):
    """One page of people as (position, cio_id, id, email), and the next one's token ("" = last)."""

    members: list[tuple[int, str, str | None, str | None]]
    next: str


def read_page(workspace: Workspace, where: Where, start: str, limit: int) -> Page:
    """Read at most *limit* people behind the token *start*, in order of position.

    Pages are read as they are asked for: who joins behind the cursor meanwhile is not in any.

    Raises:
        BadTokenError: *start* is not a token of an earlier page.
    """
    rows = workspace.db.execute(
        f"SELECT position, cio_id, id, email FROM {where.table} "  # noqa: S608 - conditions are our own
        f"WHERE position > ? AND ({where.sql}) ORDER BY position LIMIT ?",
        (membership_position(start), *where.values, limit + 1),
    )
    rows.row_factory = None
    found = rows.fetchall()
    shown = found[:limit]
    token = membership_token(shown[-1][0]) if len(found) > limit else ""
    return Page(shown, token)


def describe(page: Page, identifiers: Container[str]) -> dict[str, Any]:
    """Show a page as the App API does.

    ``ids`` holds "" for people without an id; empty lists are null; where e-mail is no identifier
    of the workspace the items do not have the key.
    """
    if "email" in identifiers:
        shown = [{"email": email, "id": own, "cio_id": c} for _, c, own, email in page.members]
    else:
        shown = [{"id": own, "cio_id": c} for _, c, own, _ in page.members]
    own_ids = [own_id or "" for _, _, own_id, _ in page.members]
    return {"ids": own_ids or None, "identifiers": shown or None, "next": page.next}
