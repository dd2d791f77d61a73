"""Random changes and faults over many syncs: downstream must be true after each that goes well.

    python -m integration_tests.soak_source [--syncs 50] [--people 300] [--seed 1]

Each round changes the workspace at random, runs a sync that is broken at random (faults, segments
that rebuild or are archived, a death after any line), then mends everything and runs one that must
go well. What was told must then be exactly what is.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from integration_tests.downstream import Downstream
from sandbox.control import CustomerioControl
from sandbox.serve import running

DYNAMIC = (7, 8, 9, 10)
MANUAL = 11
PAGE = 40
ACTIONS: Sequence[dict[str, Any]] = (
    {"status": 503},
    {"status": 400},
    {"status": 404},
    {"status": 429},
    {"status": 429, "headers": {"Retry-After": "2"}},
    {"reset": "before"},
    {"reset": "after"},
    {"truncate": True},
    {"garbage": "<html>"},
)
PLACES = ("", "/v1/segments$", "/membership", "start=", "/customer_count", "/attributes")

Operation = dict[str, Any]
Choose = Callable[[random.Random, Sequence[str], int], Operation]


def _person(cio_id: str) -> dict[str, str]:
    return {"cio_id": cio_id}


def _days_ago(days: int) -> str:
    return str(int(time.time()) - days * 86_400)


CHANGES: Sequence[Choose] = (
    lambda dice, people, _: {
        "op": "purchase",
        "person": _person(dice.choice(people)),
        "total": 10,
    },
    lambda dice, people, _: {
        "op": "abandon_cart",
        "person": _person(dice.choice(people)),
        "value": 10,
    },
    lambda dice, people, number: {
        "op": "update_person",
        "person": _person(dice.choice(people)),
        "email": f"Renamed.{number}@example.com",
    },
    lambda dice, people, _: {
        "op": "update_person",
        "person": _person(dice.choice(people)),
        "attributes": {
            "last_purchase_at": _days_ago(dice.choice([1, 100, 300])),
            "ltv": str(dice.randrange(3_000)),
        },
    },
    lambda dice, _, number: {
        "op": "create_person",
        "email": f"new.{number}@example.com",
        "attributes": {"ltv": str(dice.randrange(3_000)), "last_purchase_at": _days_ago(300)},
    },
    lambda dice, people, _: {
        "op": "add_members",
        "segment": MANUAL,
        "cio_ids": dice.sample(people, 3),
    },
    lambda dice, people, _: {
        "op": "remove_members",
        "segment": MANUAL,
        "cio_ids": dice.sample(people, 30),
    },
)
ENDINGS = ("delete_person", "suppress_person")


class Soak:
    """One connection and the dice that decide what happens to it."""

    def __init__(self, downstream: Downstream, dice: random.Random) -> None:
        self._downstream = downstream
        self._dice = dice
        self._number = 0

    @property
    def _control(self) -> CustomerioControl:
        return self._downstream.sandbox.customerio_control

    def round(self) -> str | None:
        """Run one round; return what is wrong afterwards, if anything."""
        self._change()
        self._break()
        deadly = self._dice.randrange(400) if self._dice.random() < 0.4 else None
        self._downstream.sync(deadly)
        invented = self._downstream.exits & self._downstream.truth().keys()
        self._mend()
        code = self._downstream.sync()
        return self._verdict(code, len(invented))

    def _change(self) -> None:
        people = sorted(self._control.truth()["people"])
        for _ in range(self._dice.randrange(1, 20)):
            self._number += 1
            self._control.do(self._dice.choice(CHANGES)(self._dice, people, self._number))
        one, other, third = self._dice.sample(people, 3)
        self._control.do(
            {"op": self._dice.choice(ENDINGS), "person": _person(one)},
            {"op": "merge_people", "primary": _person(other), "secondary": _person(third)},
        )

    def _break(self) -> None:
        for _ in range(self._dice.randrange(3)):
            times = self._dice.choice([1, 2, 10, None])
            skip = self._dice.randrange(4)
            place = self._dice.choice(PLACES)
            self._control.fault(self._dice.choice(ACTIONS), times=times, skip=skip, path=place)
        segment = self._dice.choice(DYNAMIC)
        trouble: Operation = self._dice.choice(
            [
                {"op": "archive_segment", "segment": segment},
                {"op": "edit_segment", "segment": segment, "name": f"Renamed {self._number}"},
                {"op": "set_segment", "segment": segment, "state": "build", "visible_percent": 40},
                {"op": "set_segment", "segment": segment, "count_skew": 50},
                {"op": "set_segment", "segment": segment, "page_drop": 5},
            ]
        )
        self._control.do(trouble)
        self._broken = segment, trouble["op"] == "archive_segment"

    def _mend(self) -> None:
        segment, archived = self._broken
        if archived:
            self._control.do({"op": "unarchive_segment", "segment": segment})
        sound = {"state": "finished", "visible_percent": 100, "count_skew": 0, "page_drop": 0}
        self._control.do({"op": "set_segment", "segment": segment, **sound})
        self._control.clear_faults()

    def _verdict(self, code: int, invented: int) -> str | None:
        truth, told = self._downstream.truth(), self._downstream.members
        people = {cio_id for _, cio_id in truth}
        wrong = {
            "exit code": code,
            "exits of people who were there": invented,
            "members not told": len(truth.keys() - told.keys()),
            "members who have left": len(told.keys() - truth.keys()),
            "e-mail addresses": sum(told[key] != truth[key] for key in truth.keys() & told.keys()),
            "profiles": len(people ^ self._downstream.profiles),
        }
        return "; ".join(f"{count} {what}" for what, count in wrong.items() if count) or None


def main() -> int:
    """Run the rounds and return 1 at the first that ends wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, default=50)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - dice
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"seed {options.seed}\n")
    with tempfile.TemporaryDirectory() as folder, running(people=options.people) as box:
        box.customerio_control.do({"op": "set_workspace", "page_cap": PAGE})
        downstream = Downstream(box, Path(folder))
        soak = Soak(downstream, random.Random(options.seed))  # noqa: S311 - dice, no secret
        downstream.sync()
        for number in range(options.syncs):
            wrong = soak.round()
            say(f"{number + 1} of {options.syncs}: {wrong or f'{len(downstream.members)} true'}\n")
            if wrong:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
