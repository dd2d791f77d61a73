"""What goes wrong with the API during a sync, chosen by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

LIST, MEMBERS, COUNT, PROFILES, LOG = (
    r"/v1/segments$",
    r"/membership",
    r"/customer_count",
    r"/customers/attributes",
    r"/v1/activities",
)
PLACES = (LIST, MEMBERS, MEMBERS, r"/membership.*start=", COUNT, PROFILES, LOG)
# Repeating the request helps, so a sync with one of these must end as if nothing had happened.
PASSING: tuple[Mapping[str, Any], ...] = (
    {"status": 503},
    {"status": 500, "body": "<html>"},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 429},
    {"reset": "before"},
    {"reset": "after"},
    {"hang_s": 1.0},
    {"truncate": True},
    {"garbage": "<html>"},
)
EXPIRED_TOKEN: Mapping[str, Any] = {"status": 400, "body": {"errors": [{"detail": "bad start"}]}}
# Repeating does not help, or there is an answer that is none; so less is known after the sync, and
# nothing wrong may be concluded. What would be repeated for minutes comes only once.
LASTING: tuple[tuple[Mapping[str, Any], int | None], ...] = (
    ({"status": 400}, 1),
    ({"status": 400}, None),
    ({"status": 404}, 1),
    ({"status": 404}, None),
    ({"status": 200, "body": {}}, 1),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as ``sandbox.faults`` takes it."""

    action: Mapping[str, Any]
    path: str
    skip: int
    times: int | None = 1

    def __str__(self) -> str:
        return f"{dict(self.action)} at {self.path} after {self.skip}, times {self.times}"


def passing(random: Random) -> list[Fault]:
    """Draw up to three faults that a repeated request overcomes."""
    faults = [
        Fault(random.choice(PASSING), random.choice(PLACES), random.randrange(6))
        for _ in range(random.choice((0, 0, 0, 1, 1, 2, 3)))
    ]
    if random.random() < 0.05:
        paged = random.choice((r"/membership.*start=", r"/activities.*start="))
        faults.append(Fault(EXPIRED_TOKEN, paged, 0))
    return faults


def lasting(random: Random) -> list[Fault]:
    """Draw one fault that repeating does not overcome, seldom."""
    if random.random() > 0.3:
        return []
    action, times = random.choice(LASTING)
    return [Fault(action, random.choice(PLACES), random.randrange(6), times)]
