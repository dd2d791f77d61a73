"""Changes of people, chosen by chance; each person is touched at most once a round."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from integration_tests.soak.truth import Truth
from integration_tests.soak.variants import OTHER

Operation = dict[str, Any]
LATE_S = 20 * 3_600  # an event may arrive so late; 24 hours are looked back
MANUAL = 11  # the manual segment of every new workspace
FIRST_ODD_NUMBER = 30_000_000_000  # of cio_ids that look like numbers
ODD_CIO_IDS = ("0{}", "{}", "30e0{}", "Ünï-{}", "{}-a-cio_id-that-is-longer-than-any-seen-before")
DOMAINS = ("example.com", "Example.ORG", "exämple.example", "example.net")


@dataclass
class People:
    """Draws operations on people.

    Args:
        random: Where chance comes from.
    """

    random: Random
    suppressed: set[str] = field(default_factory=set)
    _made: int = 0
    _freed: list[str] = field(default_factory=list)  # e-mails of people who were deleted

    def draw(self, truth: Truth, count: int, busy: set[str]) -> list[Operation]:
        """Draw about *count* operations; whom they touch is added to *busy*.

        Each is good for itself; an e-mail that has been taken in between may have one refused.
        """
        free = sorted(truth.people.keys() - busy)
        self.random.shuffle(free)
        operations: list[Operation] = []
        while len(operations) < count and len(free) > 1:
            one, other = free.pop(), free[-1]
            draw = self.random.choice(_DRAWS)
            operations.append(draw(self, truth, one, other))
            busy.add(one)
            if operations[-1]["op"] == "merge_people":
                busy.add(free.pop())
        return operations

    def _email(self) -> str:
        if self._freed and self.random.random() < 0.3:
            return self._freed.pop()
        self._made += 1
        return f"Soak.{self._made}@{self.random.choice(DOMAINS)}"

    def _create(self, _truth: Truth, _one: str, _other: str) -> Operation:
        email, chance = self._email(), self.random.random()
        identifiers = {"email": email, "id": f"soak-{email}"}
        if chance < 0.2:
            del identifiers["id" if chance < 0.1 else "email"]
        if self.random.random() < 0.15:
            odd = FIRST_ODD_NUMBER + self._made * 1_000 + self.random.randrange(1_000)
            identifiers["cio_id"] = self.random.choice(ODD_CIO_IDS).format(odd)
        attributes = {"ltv": str(self.random.randrange(3_000)), "plan": "pro", "city": "Zürich"}
        return {"op": "create_person", **identifiers, "attributes": attributes}

    def _delete(self, truth: Truth, one: str, _other: str) -> Operation:
        email = truth.people[one]["email"]
        self._freed += [email] if email else []
        return {"op": "delete_person", **_person(one)}

    def _suppress(self, _truth: Truth, one: str, _other: str) -> Operation:
        self.suppressed.add(one)
        return {"op": "suppress_person", **_person(one)}

    def _merge(self, _truth: Truth, one: str, other: str) -> Operation:
        return {"op": "merge_people", "primary": {"cio_id": other}, "secondary": {"cio_id": one}}

    def _purchase(self, _truth: Truth, one: str, _other: str) -> Operation:
        return {"op": "purchase", **_person(one), "total": self.random.randrange(1, 900)}

    def _abandon(self, _truth: Truth, one: str, _other: str) -> Operation:
        return {"op": "abandon_cart", **_person(one), "value": self.random.randrange(1, 300)}

    def _rename(self, _truth: Truth, one: str, _other: str) -> Operation:
        return {"op": "update_person", **_person(one), "email": self._email()}

    def _change_case(self, truth: Truth, one: str, other: str) -> Operation:
        email = truth.people[one]["email"]
        if not email:
            return self._rename(truth, one, other)
        return {"op": "update_person", **_person(one), "email": email.swapcase()}

    def _lose_an_identifier(self, truth: Truth, one: str, other: str) -> Operation:
        person = truth.people[one]
        if not (person["email"] and person["id"]):
            return self._rename(truth, one, other)
        lost: Operation = {self.random.choice(("email", "id")): None}
        return {"op": "update_person", **_person(one), **lost}

    def _give_id(self, _truth: Truth, one: str, _other: str) -> Operation:
        self._made += 1
        return {"op": "update_person", **_person(one), "id": f"given-{self._made}"}

    def _set_attributes(self, _truth: Truth, one: str, _other: str) -> Operation:
        plan = self.random.choice(("free", "pro", None))
        ltv = self.random.randrange(3_000)
        return {"op": "update_person", **_person(one), "attributes": {"plan": plan, "ltv": ltv}}

    def _late_event(self, _truth: Truth, one: str, _other: str) -> Operation:
        at = int(time.time()) - self.random.randrange(LATE_S)
        data = {"number": self.random.randrange(1_000)}
        return {"op": "track_event", **_person(one), "name": OTHER, "timestamp": at, "data": data}

    def _join(self, _truth: Truth, one: str, _other: str) -> Operation:
        return {"op": "add_members", "segment": MANUAL, "cio_ids": [one]}

    def _leave(self, _truth: Truth, one: str, _other: str) -> Operation:
        return {"op": "remove_members", "segment": MANUAL, "cio_ids": [one]}


Draw = Callable[[People, Truth, str, str], Operation]
_DRAWS: tuple[Draw, ...] = (
    *[People._create] * 4,
    *[People._delete] * 2,
    People._suppress,
    *[People._merge] * 2,
    *[People._purchase] * 4,
    *[People._abandon] * 4,
    *[People._rename] * 3,
    *[People._change_case] * 2,
    People._lose_an_identifier,
    *[People._give_id] * 2,
    *[People._set_attributes] * 4,
    *[People._late_event] * 3,
    *[People._join] * 4,
    *[People._leave] * 2,
)


def _person(cio_id: str) -> Operation:
    return {"person": {"cio_id": cio_id}}
