"""People who are made up: who they are and what they did before. Pure, chance is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple, TypeVar

from sandbox.customerio.ids import cio_id
from sandbox.customerio.workspace.activities import EVENT, Activity
from sandbox.customerio.workspace.profiles import Person

HOUR, DAY = 3_600, 86_400
CART, VIP, LAPSED, RECENT, BETA = 7, 8, 9, 10, 11  # the segments people are made for
OTHER = 0
CART_LEFT, ORDERED = "cart_abandoned", "order_completed"

# How people are shared out between the kinds, and how likely each kind is to be a VIP.
SHARES = {CART: 0.12, RECENT: 0.15, LAPSED: 0.25, OTHER: 0.48}
VIP_CHANCE = {CART: 0.13, RECENT: 0.21, LAPSED: 0.04, OTHER: 0.09}
KINDS, SHARES_SUMMED = list(SHARES), list(accumulate(SHARES.values()))
NO_EMAIL, NO_ID, WITH_PHONE = 0.04, 0.08, 0.7

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


Item = TypeVar("Item")


def _pick(random: Random, items: Sequence[Item]) -> Item:
    # Several times as fast as random.choice, which counts when there are a million to make.
    return items[int(random.random() * len(items))]


class Cast(NamedTuple):
    """Who is to be made: how many, by which random seed, all in one segment or shared out."""

    people: int
    seed: int = 1
    all_in: int | None = None


class Newcomer(NamedTuple):
    """A person who is not in the workspace yet, and what they did before."""

    person: Person
    activities: list[Activity]


class _Kind(NamedTuple):
    segment: int
    vip: bool


class _Past(NamedTuple):
    attributes: dict[str, str]
    events: list[tuple[str, int, dict[str, Any]]]


def newcomers(random: Random, cast: Cast, now: int) -> Iterator[Newcomer]:
    """Make the people of a cast, from position 1; *now* is in unix seconds."""
    for position in range(1, cast.people + 1):
        yield _newcomer(random, position, _kind(random, cast.all_in), now)


def _kind(random: Random, all_in: int | None) -> _Kind:
    drawn = random.choices(KINDS, cum_weights=SHARES_SUMMED)[0]
    segment = all_in if all_in in SHARES else drawn
    return _Kind(segment, vip=all_in == VIP or random.random() < VIP_CHANCE[segment])


def _newcomer(random: Random, position: int, kind: _Kind, now: int) -> Newcomer:
    first = _pick(random, FIRST_NAMES)
    past = PAST[kind.segment](random, now)
    attributes = {**past.attributes, "first_name": first, **_traits(random, vip=kind.vip)}
    email, own_id = _identifiers(random, first, position)
    times = dict.fromkeys(attributes, now)
    person = Person(position, cio_id(position), own_id, email, attributes, times)
    return Newcomer(person, [_event(person, *event) for event in past.events])


def _traits(random: Random, *, vip: bool) -> dict[str, str]:
    ltv = random.uniform(1_001, 9_000) if vip else random.expovariate(1 / 200) % 999
    phone = _pick(random, PHONES).format(int(random.random() * 100))
    return {
        "last_name": _pick(random, LAST_NAMES),
        "plan": _pick(random, PLANS),
        "ltv": f"{ltv:.2f}",
        "marketing_opt_in": _pick(random, ("true", "true", "false")),
        **({"phone": phone} if random.random() < WITH_PHONE else {}),
    }


def _identifiers(random: Random, first: str, position: int) -> tuple[str | None, str | None]:
    name = first if first.isascii() else "Customer"
    tag = _pick(random, ("", "", "", "+news"))
    cased = _pick(random, (str.lower, str.title, str.upper, str.lower))
    email = f"{cased(f'{name}.{position}{tag}')}@{_pick(random, DOMAINS)}"
    missing = random.random()
    own_id = f"u-{position}"
    return (None if missing < NO_EMAIL else email), (None if missing > 1 - NO_ID else own_id)


def _event(person: Person, name: str, timestamp: int, data: dict[str, Any]) -> Activity:
    return Activity(EVENT, person.identifiers, timestamp, data, name)


def _left_cart(random: Random, now: int) -> _Past:
    at, value = now - random.randrange(3 * HOUR, 3 * DAY), f"{random.uniform(5, 400):.2f}"
    event = (CART_LEFT, at, {"cart_value": float(value)})
    return _Past({"cart_value": value, "last_intent_at": str(at)}, [event])


def _bought(earliest: int, latest: int) -> Callable[[Random, int], _Past]:
    def past(random: Random, now: int) -> _Past:
        at = now - random.randrange(earliest, latest)
        order = {
            "order_id": f"A-{random.randrange(10**6)}",
            "total": random.randrange(500, 40_000) / 100,
        }
        events = [(ORDERED, at, order)] if now - at < 30 * DAY else []
        return _Past({"last_purchase_at": str(at)}, events)

    return past


PAST: dict[int, Callable[[Random, int], _Past]] = {
    CART: _left_cart,
    RECENT: _bought(HOUR, 13 * DAY),
    LAPSED: _bought(181 * DAY, 700 * DAY),
    OTHER: _bought(15 * DAY, 170 * DAY),
}
