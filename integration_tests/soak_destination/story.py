"""Draws what a source would tell: people who come, change, move, leave and return, in windows.

A window ends with STATEs. A careless runner is part of it: records come twice, late, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from integration_tests.soak_destination.people import FORBIDDEN
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.values import SEGMENTS, Json

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
Told = tuple[str, Json]  # stream and data
PLANS = ("free", "basic", "premium", None, "")
NOTES = ("#N/A", 'He said "no",\nthen, yes', "Zoë Łukasz 日本", "a;b", " trimmed ", None)
ODD = {"ltv": "many", "cart_value": "12,50", "opt_in": "perhaps", "phone": "12"}


@dataclass
class Person:
    """Somebody in Customer.io."""

    cio_id: str
    id: str
    email: str
    last_name: str
    attributes: Json = field(default_factory=dict)
    is_in: bool = False
    segments: set[int] = field(default_factory=set)
    is_told: bool = False  # within the window
    has_moved: bool = False  # within the window


@dataclass
class Window:
    """Records, then STATEs of these streams; *edits* are made by the operator before it."""

    told: list[Told]
    states: list[str]
    edits: int = 0


class Story:
    """Tells windows of a plan, one after the other."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self.people = [self._person(n, rng) for n in range(plan.people)]
        self._plan = plan
        self._rng = rng
        self._now = START
        self._moves = 0
        self._free: list[str] = []  # addresses that others may take
        self._past: list[Told] = []
        self._streams = sorted({m["stream"] for m in plan.mappings})

    def windows(self) -> list[Window]:
        """Tell them all; the last one covers every stream."""
        told = [self._window() for _ in range(self._plan.windows)]
        told[-1].states = list(self._streams)
        return told

    def _person(self, n: int, rng: Random) -> Person:
        email = rng.choice((f"P{n}@Example.com", f"p{n}@example.com"))
        name = FORBIDDEN if rng.random() < 0.03 else f"Name{n}"
        return Person(f"c{n:04}", f"u-{n}", email, name)

    def _window(self) -> Window:
        rng, told = self._rng, list[Told]()
        for person in self.people:
            person.is_told = person.has_moved = False
        self._given_up: list[str] = []
        least = len(self.people) if self._plan.is_crowded else 1
        for person in rng.sample(self.people, rng.randint(least, len(self.people))):
            for _ in range(rng.choice((1, 1, 1, 2))):
                told += self._happens(person)
                person.is_told = True
        told = [each for each in told if each[0] in self._streams]
        whole = [each for each in told if not _is_move(each)]
        told = self._careless(told, whole)
        self._past += whole
        self._free += self._given_up
        states = self._streams if rng.random() < 0.6 else [rng.choice(self._streams)]
        return Window(told, list(states), edits=rng.choice((0, 0, 1, 3)))

    def _careless(self, told: list[Told], whole: list[Told]) -> list[Told]:
        rng = self._rng
        again = [each for each in whole if rng.random() < 0.1]
        if self._plan.resent:
            again += rng.sample(self._past, min(len(self._past), rng.randint(0, 5)))
        if not self._plan.shuffled and not self._plan.resent:
            return [*told, *([told[-1]] if told and not _is_move(told[-1]) else [])]
        told = [*told, *again]
        if self._plan.shuffled:
            rng.shuffle(told)
        return told

    def _happens(self, person: Person) -> list[Told]:
        rng = self._rng
        if person.has_moved and self._plan.is_weak:
            return []
        if not person.is_in:
            person.is_in, person.segments = (
                True,
                set(rng.sample(sorted(SEGMENTS), rng.randint(0, 2))),
            )
            self._change(person)
            told = [self._profile(person), *(self._member(person, n) for n in person.segments)]
            return told if rng.random() < 0.7 else told[::-1]
        deed = rng.choice((self._changed, self._changed, self._left, self._segment, self._moved))
        return deed(person)

    def _changed(self, person: Person) -> list[Told]:
        self._change(person)
        return [self._profile(person)]

    def _left(self, person: Person) -> list[Told]:
        segments, person.segments, person.is_in = person.segments, set(), False
        exits = [self._member(person, n, gone=True) for n in segments]
        return [self._profile(person, gone=True), *exits]

    def _segment(self, person: Person) -> list[Told]:
        segment = self._rng.choice(sorted(SEGMENTS))
        gone = segment in person.segments
        person.segments ^= {segment}
        return [self._member(person, segment, gone=gone)]

    def _moved(self, person: Person) -> list[Told]:
        if not self._plan.moves or (person.is_told and self._plan.is_weak):
            return self._changed(person)
        self._moves += 1
        person.has_moved = True
        before: Json = {}
        if self._rng.random() < 0.7:
            before["previous_email"] = person.email
            person.email = self._address(person.email)
        if not before or self._rng.random() < 0.3:
            before["previous_id"] = person.id
            person.id = self._rng.choice((f"v-{self._moves}", person.id.swapcase()))
        members = [self._member(person, n, **before) for n in sorted(person.segments)]
        return [self._profile(person, **before), *members]

    def _address(self, former: str) -> str:
        """Give somebody a new address, or one that another has given up."""
        address = f"{self._rng.choice('mM')}oved{self._moves}@example.com"
        if self._free and self._rng.random() < 0.5:
            address = self._free.pop(0)
        if self._plan.passes_on:
            (self._given_up if self._plan.is_weak else self._free).append(former)
        return address

    def _change(self, person: Person) -> None:
        rng = self._rng
        person.attributes = {
            "plan": rng.choice(PLANS),
            "ltv": rng.choice(("5", "99.5", "100", "2500", None, "")),
            "cart_value": rng.choice(("12.50", "0", "7", None)),
            "opt_in": rng.choice(("true", "false", "1", None)),
            "phone": rng.choice(("(212) 555-0100", "212 555 0101", "+1 415 555 0102", None)),
            "last_intent_at": rng.choice(("1767225600", "1767225661", None)),
            "notes": rng.choice(NOTES),
        }

    def snapshot(self) -> list[Told]:
        """Tell of everybody who is there, as a full refresh does; some have come or gone since."""
        for person in self.people:
            if self._rng.random() < 0.4:
                person.is_in = not person.is_in
                person.segments = set(self._rng.sample(sorted(SEGMENTS), self._rng.randint(0, 2)))
                self._change(person)
        here = [person for person in self.people if person.is_in]
        told = [self._profile(person) for person in here]
        told += [self._member(person, n) for person in here for n in sorted(person.segments)]
        return [each for each in told if each[0] in self._streams]

    def entries(self, *segments: int) -> list[Told]:
        """Tell that most people have entered *segments*, and the first of them all."""
        return [
            self._member(person, segment)
            for place, person in enumerate(self.people)
            for segment in segments
            if not place or self._rng.random() < 0.7
        ]

    # --- records ---------------------------------------------------------------------------

    def _time(self) -> str:
        self._now += timedelta(seconds=self._rng.randint(1, 90))
        return self._now.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def _identifiers(self, person: Person, before: Json) -> Json:
        known = {"cio_id": person.cio_id, "id": person.id, "email": person.email}
        return {**known, "previous_email": None, "previous_id": None, **before}

    def _profile(self, person: Person, *, gone: bool = False, **before: Any) -> Told:
        when, rng = self._time(), self._rng
        data = self._identifiers(person, before)
        data |= {"updated_at": when, "_ab_cdc_updated_at": when}
        if gone:
            return "profiles", {**data, "_ab_cdc_deleted_at": when}
        attributes = dict(person.attributes)
        if not before and rng.random() < 0.08:
            odd = rng.choice(sorted(ODD))
            attributes[odd] = ODD[odd]
        if self._plan.partial:
            attributes = {k: v for k, v in attributes.items() if rng.random() < 0.7}
        data |= {"attributes": attributes, "_ab_cdc_deleted_at": None}
        if not (self._plan.partial and rng.random() < 0.1):
            data["last_name"] = person.last_name
        return "profiles", data

    def _member(self, person: Person, segment: int, *, gone: bool = False, **before: Any) -> Told:
        when = self._time()
        data = self._identifiers(person, before) | {
            "segment_id": segment,
            "segment_name": SEGMENTS[segment],
            "status": "exited" if gone else "member",
            "entered_at": self._rng.choice((when, None)) if not gone else None,
            "exited_at": when if gone else None,
            "changed_at": when,
            "_ab_cdc_updated_at": when,
            "_ab_cdc_deleted_at": when if gone else None,
        }
        return "segment_memberships", data


def _is_move(told: Told) -> bool:
    return bool(told[1]["previous_email"] or told[1]["previous_id"])
