"""What goes wrong on the far side: faults of the network, locks, sessions that end, Bulk jobs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from integration_tests.soak_destination.model import PEOPLE
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
WRITES = {"method": "POST", "path": "/composite$", "body": '"records"'}
MATCHES: tuple[dict[str, str], ...] = (
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
JOBS: tuple[dict[str, Any], ...] = (
    {"fails_after_rows": 3},
    {"aborts_after_rows": 2},
    {"drops_result_rows": 2},
    {"fails_after_rows": 0},
)


def break_something(control: SalesforceControl, rng: Random) -> None:
    """Let one thing go wrong soon, of the kinds that pass by themselves."""
    deeds: tuple[Callable[[SalesforceControl, Random], None], ...] = (_fault, _fault, _fault)
    rng.choice((*deeds, _lock, _expire, _job))(control, rng)


def _fault(control: SalesforceControl, rng: Random) -> None:
    times, skip = rng.randint(1, 2), rng.randint(0, 3)
    control.fault(rng.choice(ACTIONS), times=times, skip=skip, **rng.choice(MATCHES))


def _lock(control: SalesforceControl, rng: Random) -> None:
    name = rng.choice(PEOPLE)
    ids = sorted(record["Id"] for record in control.records(name))
    if ids:
        some = rng.sample(ids, rng.randint(1, min(3, len(ids))))
        control.do({"lock": {"object": name, "ids": some, "times": rng.randint(1, 3)}})


def _expire(control: SalesforceControl, rng: Random) -> None:
    control.do({"expire_sessions": {"after_requests": rng.randint(1, 6)}})


def _job(control: SalesforceControl, rng: Random) -> None:
    control.post("bulk", {"next_job": rng.choice(JOBS)})
