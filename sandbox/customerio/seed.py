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

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import orjson

from sandbox.customerio import memberships, segments
from sandbox.customerio.activities import EVENT, Activity, log
from sandbox.customerio.ids import cio_id
from sandbox.customerio.segments import Definition
from sandbox.customerio.store import Workspace

HOUR, DAY = 3_600, 86_400
CART, VIP, LAPSED, RECENT, BETA = 7, 8, 9, 10, 11
OTHER = 0
CHUNK = 1_000  # people held in memory at once
CART_LEFT, ORDERED = "cart_abandoned", "order_completed"

# How people are shared out between the kinds, and how likely each kind is to be a VIP.
SHARES = {CART: 0.12, RECENT: 0.15, LAPSED: 0.25, OTHER: 0.48}
VIP_CHANCE = {CART: 0.13, RECENT: 0.21, LAPSED: 0.04, OTHER: 0.09}

FIRST_NAMES = """
    Ann Bo Carla Dmitri Élodie Farid Grace Hiroshi Íris José Kwame Łukasz Mei Nia Øyvind
    Priya Quentin Rosa Søren Thandiwe Umar Věra Wanda Ximena Yuki Zoë 美咲 Мария Αθηνά
""".split()  # noqa: SIM905 - as a list it would be a line a name
LAST_NAMES = """
    Abebe Brown Castañeda Dvořák Eriksson Fischer García Hughes Ito Jansen Kowalski Lefèvre
    Müller Nguyen O'Neill Petrović Quispe Rossi Smith Takahashi Usman van-der-Berg Wang Žižek
""".split()  # noqa: SIM905 - as a list it would be a line a name
PLANS = ("free", "basic", "pro", "enterprise")
DOMAINS = ("example.com", "example.org", "Example.net")
PHONES = (
    "+1 415 555 01{:02d}",
    "(212) 555-01{:02d}",
    "650.555.01{:02d}",
    "+44 20 7946 09{:02d}",
    "+49 30 9018 20{:02d}",
)


class Cast(NamedTuple):
    """Who is to be made: how many, by which random seed, all in one segment or shared out."""

    people: int
    seed: int = 1
    all_in: int | None = None


class Newcomer(NamedTuple):
    """A person who is not in the workspace yet, and what they did before."""

    email: str | None
    id: str | None
    attributes: dict[str, str]
    events: list[tuple[str, int, dict[str, Any]]]


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


def plant(workspace: Workspace, cast: Cast) -> None:
    """Fill an empty workspace. The same cast at the same time gives the same people."""
    now = int(workspace.now())
    newcomers = enumerate(_newcomers(Random(cast.seed), cast, now), 1)  # noqa: S311 - people, not keys
    with workspace.transaction():
        for segment_id, definition in SEGMENTS.items():
            segments.create(workspace, definition, segment_id)
        while some := list(islice(newcomers, CHUNK)):
            _insert(workspace, some, now)
            log(workspace, _activities(some))
        memberships.reevaluate_all(workspace)
        if cast.all_in == BETA:
            memberships.add(workspace, BETA, range(1, cast.people + 1))


def _insert(workspace: Workspace, newcomers: Iterable[tuple[int, Newcomer]], now: int) -> None:
    rows = (
        (
            position,
            cio_id(position),
            one.id,
            one.email,
            one.email and one.email.lower(),
            orjson.dumps(one.attributes).decode(),
            orjson.dumps(dict.fromkeys(one.attributes, now)).decode(),
        )
        for position, one in newcomers
    )
    workspace.db.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _activities(newcomers: Iterable[tuple[int, Newcomer]]) -> Iterator[Activity]:
    for position, one in newcomers:
        identifiers = {"email": one.email, "id": one.id, "cio_id": cio_id(position)}
        for name, timestamp, data in one.events:
            yield Activity(EVENT, identifiers, timestamp, data, name)


def _newcomers(random: Random, cast: Cast, now: int) -> Iterator[Newcomer]:
    kinds, weights = list(SHARES), list(SHARES.values())
    for number in range(1, cast.people + 1):
        kind = cast.all_in if cast.all_in in SHARES else random.choices(kinds, weights)[0]
        vip = cast.all_in == VIP or random.random() < VIP_CHANCE[kind]
        yield _newcomer(random, number, _History(kind, vip=vip, now=now))


class _History(NamedTuple):
    kind: int
    vip: bool
    now: int


def _newcomer(random: Random, number: int, history: _History) -> Newcomer:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    email, own_id = _identifiers(random, first, number)
    attributes, events = PAST[history.kind](random, history.now)
    ltv = random.uniform(1_001, 9_000) if history.vip else random.expovariate(1 / 200) % 999
    attributes |= {
        "first_name": first,
        "last_name": last,
        "plan": random.choice(PLANS),
        "ltv": f"{ltv:.2f}",
        "marketing_opt_in": random.choice(("true", "true", "false")),
    }
    if random.random() < 0.7:  # noqa: PLR2004 - a share, used once
        attributes["phone"] = random.choice(PHONES).format(random.randrange(100))
    return Newcomer(email, own_id, attributes, events)


def _identifiers(random: Random, first: str, number: int) -> tuple[str | None, str | None]:
    name = first if first.isascii() else "Customer"
    tag = random.choice(("", "", "", "+news"))
    email = random.choice((str.lower, str.title, str.upper, str.lower))(f"{name}.{number}{tag}")
    address, own_id = f"{email}@{random.choice(DOMAINS)}", f"u-{number}"
    missing = random.random()
    return (None if missing < 0.04 else address), (None if missing > 0.92 else own_id)  # noqa: PLR2004 - shares, used once


Past = tuple[dict[str, str], list[tuple[str, int, dict[str, Any]]]]


def _left_cart(random: Random, now: int) -> Past:
    at, value = now - random.randrange(3 * HOUR, 3 * DAY), f"{random.uniform(5, 400):.2f}"
    event = (CART_LEFT, at, {"cart_value": float(value)})
    return {"cart_value": value, "last_intent_at": str(at)}, [event]


def _bought(earliest: int, latest: int) -> Callable[[Random, int], Past]:
    def past(random: Random, now: int) -> Past:
        at = now - random.randrange(earliest, latest)
        order = {
            "order_id": f"A-{random.randrange(10**6)}",
            "total": random.randrange(500, 40_000) / 100,
        }
        events = [(ORDERED, at, order)] if now - at < 30 * DAY else []
        return {"last_purchase_at": str(at)}, events

    return past


PAST: dict[int, Callable[[Random, int], Past]] = {
    CART: _left_cart,
    RECENT: _bought(HOUR, 13 * DAY),
    LAPSED: _bought(181 * DAY, 700 * DAY),
    OTHER: _bought(15 * DAY, 170 * DAY),
}
