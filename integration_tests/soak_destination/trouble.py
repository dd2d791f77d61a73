"""What goes wrong on the far side: faults of the network, locks, sessions that end, Bulk jobs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from integration_tests.soak_destination.model import PEOPLE
from integration_tests.soak_destination.plan import Plan
from sandbox.control import SalesforceControl

ACTIONS: tuple[dict[str, Any], ...] = (
    {"status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]},
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"reset": "before"},
    {"reset": "after"},
    {"truncate": True},
    {"garbage": "<html>maintenance</html>"},
    {"delay_ms": 150},
    {"hang_s": 0.2},
)
LOST: tuple[dict[str, Any], ...] = ({"reset": "after"}, {"truncate": True})
WRITES: dict[str, Any] = {"method": "POST", "path": "/composite$", "body": '"records"'}
MATCHES: tuple[dict[str, Any], ...] = (
    *(WRITES, WRITES, WRITES),
    *(
        {"path": path}
        for path in (
            "/composite",
            "/query",
            "/jobs/",
            "/jobs/ingest.*Results",
            "/describe",
            "oauth2/token",
        )
    ),
)
CREATES: dict[str, Any] = {"method": "POST", "path": "/composite$", "body": '"method": ?"POST"'}
TIMEOUT_S = 3.0  # of the client's reads, in this process
FOR_EVER_S = 3_600.0


def break_something(control: SalesforceControl, plan: Plan, rng: Random) -> None:
    """Let one thing go wrong soon, of the kinds that pass by themselves."""
    deeds: tuple[Callable[[SalesforceControl, Plan, Random], None], ...] = (_fault, _fault, _fault)
    rng.choice((*deeds, _lock, _expire, _job))(control, plan, rng)


def lose_creates(control: SalesforceControl, rng: Random) -> None:
    """Let creates without a key be done and their answers be lost."""
    control.fault(rng.choice(LOST), times=rng.randint(1, 2), **CREATES)


def lose_a_write(control: SalesforceControl) -> None:
    """Let a write be done and its answer be lost, so that the connector waits before the next."""
    control.fault({"reset": "after"}, **WRITES)


def _fault(control: SalesforceControl, plan: Plan, rng: Random) -> None:
    times, skip = rng.randint(1, 2), rng.randint(0, 3)
    action = rng.choice(ACTIONS)
    if plan.in_process and rng.random() < 0.02:
        action, times = {"hang_s": FOR_EVER_S}, 1
    control.fault(action, times=times, skip=skip, **rng.choice(MATCHES))


def _lock(control: SalesforceControl, _plan: Plan, rng: Random) -> None:
    name = rng.choice(PEOPLE)
    ids = sorted(record["Id"] for record in control.records(name))
    if ids:
        some = rng.sample(ids, rng.randint(1, min(3, len(ids))))
        control.do({"lock": {"object": name, "ids": some, "times": rng.randint(1, 3)}})


def _expire(control: SalesforceControl, _plan: Plan, rng: Random) -> None:
    control.do({"expire_sessions": {"after_requests": rng.randint(1, 6)}})


def _job(control: SalesforceControl, plan: Plan, rng: Random) -> None:
    """Let the next Bulk job end before its rows do, or leave rows out of its results."""
    rows = rng.choice((0, 3, plan.people // 2))
    ends = rng.choice(("fails_after_rows", "aborts_after_rows", "drops_result_rows"))
    control.post("bulk", {"next_job": {ends: rows}})
