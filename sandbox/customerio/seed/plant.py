"""A workspace to begin with: people by number and random seed, and five segments.

=====  ======================  =======  ====================================================
id     name                    share    who
=====  ======================  =======  ====================================================
7      Cart Abandoners - 2h    12 %     a cart left over two hours ago, no purchase in 14 days
8      VIP - Top 10%           10 %     has spent over 1000; overlaps with 7, 9 and 10
9      Lapsed - 180d           25 %     bought once, but not in 180 days
10     Purchased Recently      15 %     bought in the last 14 days; nobody of 7 or 9
11     Beta Testers            none     by hand
=====  ======================  =======  ====================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from random import Random
from typing import Any

from sandbox.customerio.seed.newcomers import (
    BETA,
    CART,
    DAY,
    HOUR,
    LAPSED,
    RECENT,
    VIP,
    Cast,
    Newcomer,
    newcomers,
)
from sandbox.customerio.workspace import memberships, profiles, segments
from sandbox.customerio.workspace.activities import log
from sandbox.customerio.workspace.segments import Definition
from sandbox.customerio.workspace.store import Workspace

CHUNK = 1_000  # people held in memory at once


def _attribute(field: str, operator: str, value: object = None, **more: object) -> dict[str, Any]:
    return {"attribute": {"field": field, "operator": operator, "value": value}, **more}


SEGMENTS = {
    CART: Definition(
        "Cart Abandoners - 2h",
        {
            "and": [
                _attribute("cart_value", "gt", "0"),
                _attribute("last_intent_at", "older_than", 2 * HOUR),
                _attribute("last_purchase_at", "within_past", 14 * DAY, inverse=True),
            ]
        },
        "A cart left behind and no purchase since",
        ("Lifecycle",),
    ),
    VIP: Definition("VIP - Top 10%", {"and": [_attribute("ltv", "gt", "1000")]}),
    LAPSED: Definition(
        "Lapsed - 180d", {"and": [_attribute("last_purchase_at", "older_than", 180 * DAY)]}
    ),
    RECENT: Definition(
        "Purchased Recently",
        {"and": [_attribute("last_purchase_at", "within_past", 14 * DAY)]},
        "Suppression: people to leave in peace",
    ),
    BETA: Definition("Beta Testers"),
}


def is_planted(workspace: Workspace) -> bool:
    """Tell whether there has ever been a segment: then people are not made again."""
    made = workspace.db.execute("SELECT 1 FROM sqlite_sequence WHERE name = 'segments'")
    return made.fetchone() is not None


def plant(workspace: Workspace, cast: Cast) -> None:
    """Fill an empty workspace. The same cast at the same time gives the same people."""
    made = newcomers(Random(cast.seed), cast, int(workspace.now()))  # noqa: S311 - people, not keys
    with workspace.transaction():
        for segment_id, definition in SEGMENTS.items():
            segments.create(workspace, definition, segment_id)
        while some := list(islice(made, CHUNK)):
            _settle(workspace, some)
        if cast.all_in == BETA:
            memberships.add(workspace, BETA, range(1, cast.people + 1))


def _settle(workspace: Workspace, some: Iterable[Newcomer]) -> None:
    people = [one.person for one in some]
    workspace.db.executemany(profiles.INSERT, map(profiles.to_row, people))
    log(workspace, (activity for one in some for activity in one.activities))
    memberships.evaluate(workspace, people)
