"""Draws a round: mappings that the settings allow, and how rough the runner is to be.

What the documents call ambiguous is not drawn: with an e-mail (or an id that moves) as the first
key, nothing is sent again across a STATE, and nobody moves twice within one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from integration_tests.soak_destination import mappings as drawn
from integration_tests.soak_destination.mappings import CIO, CLOCK, EMAIL
from integration_tests.soak_destination.oracle import Budget
from integration_tests.soak_destination.values import Json

TRAITS = (
    *("moves", "shuffled", "resent", "partial", "dies", "budget", "calls"),
    *("meddles", "rehearses"),
)


@dataclass(frozen=True)
class Plan:
    """How a round goes."""

    mappings: tuple[Json, ...]
    write_api: str
    people: int
    windows: int
    moves: bool = False  # e-mails and ids change
    shuffled: bool = False  # records of a window come in any order
    resent: bool = False  # older records come again after their STATE
    partial: bool = False  # records lack columns
    dies: bool = False  # the destination is killed on the way
    in_process: bool = True
    budget: Budget | None = None  # of removals, in the first run
    calls: int | None = None  # API calls above the reserve, in the first run
    meddles: bool = False  # others write to picklists between look-up and write
    rehearses: bool = False  # a dry run comes first

    @property
    def is_weak(self) -> bool:
        """Whether the first key of some mapping may change."""
        return any(drawn.rules(each)[0]["source"] != "cio_id" for each in self.mappings)

    @property
    def creates_blindly(self) -> bool:
        """Whether an answer to a create that is lost must be looked up."""
        return any(map(drawn.creates_blindly, self.mappings))

    @property
    def passes_on(self) -> bool:
        """Whether an e-mail may become another person's: their records are told apart by then."""
        return any(m["kind"] == "record" and m["operation"] != "insert" for m in self.mappings)

    @property
    def is_crowded(self) -> bool:
        """Whether there are enough people for a Bulk job."""
        return self.people > 2000

    def __str__(self) -> str:
        """Tell it in a line."""
        kinds = "+".join(map(drawn.told, self.mappings))
        traits = [name for name in TRAITS if getattr(self, name)]
        where = "in process" if self.in_process else "process"
        return f"{kinds}; {self.write_api}, {where}, {self.people} people; {' '.join(traits)}"


def draw(rng: Random, campaigns: Mapping[int, str]) -> Plan:
    """Draw a round; *campaigns* are the Ids of the org's, by segment."""
    in_process = rng.random() < 0.7
    budget = Budget(rng.choice((0, 1, 3)), rng.choice((0, 20))) if rng.random() < 0.15 else None
    calls = rng.randint(3, 20) if not budget and rng.random() < 0.1 else None
    dies = not budget and (calls is not None or rng.random() < (0.3 if in_process else 0.8))
    person = rng.choice(("Contact", "Contact", "Lead"))
    record = drawn.record(rng, person) if rng.random() < 0.85 else None
    mappings = _mappings(rng, person, record, campaigns)
    by_cio = drawn.rules(mappings[0])[0] == CIO
    # After an answer to such a create is lost, minutes are waited; here they are not. And where it
    # is lost too often, the run ends early, with some of it written, as where it dies.
    is_blind = any(map(drawn.creates_blindly, mappings))
    in_process = in_process or is_blind
    breaks_off = dies or is_blind
    if breaks_off and record:
        drawn.make_repeatable(mappings, person)
    has_clock = bool(record) and CLOCK in (record or {}).get("changed_at_field", "")
    keeps = not record or record["on_exit"]["action"] != "delete"
    safe = by_cio and (not dies or (has_clock and keeps and len(mappings) == 1))
    shuffled = rng.random() < 0.3
    resent = safe and rng.random() < 0.5
    write_api = rng.choice(("auto", "rest", "bulk"))
    return Plan(
        mappings,
        write_api=write_api,
        people=rng.choice((4, 12, 40, 120)),
        windows=rng.randint(2, 7),
        moves=rng.random() < 0.6 and (by_cio or len(mappings) == 1),
        shuffled=shuffled,
        resent=resent,
        partial=not (shuffled or resent or breaks_off or budget) and rng.random() < 0.5,
        dies=dies,
        in_process=in_process,
        budget=budget,
        calls=calls,
        meddles=not (dies or budget) and write_api == "rest" and _picks(mappings),
        rehearses=(len(mappings) == 1 or not record) and rng.random() < 0.4,
    )


def _mappings(
    rng: Random, person: str, record: Json | None, campaigns: Mapping[int, str]
) -> tuple[Json, ...]:
    # Memberships that know their people by other keys than the mapping that makes people, or in
    # another object too, would be for another record before the person is made than after it.
    identity = record["identity"] if record else rng.choice(([CIO], [CIO, EMAIL]))
    others = drawn.memberships(rng, person, identity, campaigns)
    if record:
        return (record, *others)
    return tuple(others or [drawn.flag(rng, person, identity)])


def _picks(mappings: tuple[Json, ...]) -> bool:
    return any(mapping["kind"] == "multi_select" for mapping in mappings)


def draw_crowd(rng: Random) -> Plan:
    """Draw a round of so many people that they go by Bulk by themselves."""
    mapping = drawn.record(rng, "Contact")
    mapping |= {"operation": "upsert", "on_multiple_matches": "reject"}
    return Plan(
        (mapping,),
        write_api="auto",
        people=rng.randint(2_100, 2_600),
        windows=2,
        dies=rng.random() < 0.5,
        shuffled=rng.random() < 0.3,
    )


def draw_mirror(rng: Random, campaigns: Mapping[int, str]) -> Plan:
    """Draw a round of full refreshes that are mirrored."""
    person = rng.choice(("Contact", "Lead"))
    record = drawn.record(rng, person) if rng.random() < 0.7 else None
    if record:
        record |= {"operation": "upsert"}
    mappings = _mappings(rng, person, record, campaigns)
    for mapping in mappings:
        mapping |= {"mirror": rng.random() < 0.8, "on_multiple_matches": "reject"}
    return Plan(
        mappings,
        write_api=rng.choice(("auto", "rest", "bulk")),
        people=rng.choice((4, 12, 40)),
        windows=rng.randint(2, 4),
        dies=rng.random() < 0.4,
        in_process=rng.random() < 0.8 or any(map(drawn.creates_blindly, mappings)),
        budget=Budget(rng.choice((0, 1, 3)), rng.choice((0, 20))) if rng.random() < 0.3 else None,
    )
