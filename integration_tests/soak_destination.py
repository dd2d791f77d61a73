"""Random messages, mappings, faults and deaths: Salesforce must be right after every rerun.

    python -m integration_tests.soak_destination [--syncs 40] [--people 60] [--seed 1]

Each round makes up the records of one sync (people, memberships, exits, records sent again late),
runs it with faults at random (resets, time-outs, locks, sessions that end, Bulk jobs that fail half
way) and mostly kills it; then mends everything and reruns from the last STATE acknowledged. What
Salesforce holds must then be what a simple reading of all records amounts to, and nobody twice.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sandbox.serve import Running, running

Json = dict[str, Any]

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
STATE_EVERY = 25
SHORTEST_LIFE_S, LONGEST_LIFE_S = 0.6, 5.0
IDENTITIES: Sequence[list[Json]] = (
    [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    [
        {"source": "cio_id", "target": "CustomerIO_Id__c"},
        {"source": "email", "target": "Email", "format": "email"},
    ],
)
FAULTS: Sequence[Json] = (
    {"status": 503},
    {"status": 429},
    {"reset": "before"},
    {"reset": "after"},
    {"truncate": True},
    {"garbage": "<html>"},
    {"hang_s": 0.5},
)
PLACES = ("/composite$", "/jobs/ingest", "/oauth2/token", "/describe", "")


class History:
    """Every record there ever was, and what they amount to."""

    def __init__(self, dice: random.Random, people: int) -> None:
        self._dice = dice
        self._people = [f"p{number}" for number in range(people)]
        self._seconds = 0
        self._profiles: dict[str, Json] = {}  # the latest upsert of each person
        self.members: set[str] = set()  # who has not left
        self.vips: set[str] = set()

    def sync(self, records: int) -> list[Json]:
        """Make up the messages of one sync, and learn what they amount to."""
        messages: list[Json] = []
        for number in range(1, records + 1):
            messages += self._some()
            if number % STATE_EVERY == 0 or number == records:
                messages += [_state(stream, number) for stream in ("people", "memberships")]
        return messages

    def _some(self) -> list[Json]:
        """Make up a record; now and then its person's last one comes again behind it."""
        person, what = self._dice.choice(self._people), self._dice.random()
        known = self._profiles.get(person)
        if known and person in self.members and what < 0.15:
            return [self._vip(person, gone=what < 0.05)]
        if known and what < 0.3:
            self.members.discard(person)
            exit_ = {"cio_id": person, "_ab_cdc_deleted_at": self._now(), "changed_at": self._now()}
            return [_record("people", exit_)]
        new = self._profile(person)
        again = [_record("people", known)] if known and person in self.members else []
        self._profiles[person] = {**(known or {}), **new}
        self.members.add(person)
        return [_record("people", new), *(again if what > 0.9 else [])]

    def _profile(self, person: str) -> Json:
        plan = self._dice.choice([None, "free", "pro", 'o"d,\nd', "#N/A"])
        said = {"plan": plan} if self._dice.random() < 0.8 or person not in self.members else {}
        name = self._dice.choice(["Ünal", "Osei", "Nnn"])
        email = f"{person}@x.example"
        return {"cio_id": person, "name": name, "email": email, "changed_at": self._now(), **said}

    def _vip(self, person: str, *, gone: bool) -> Json:
        (self.vips.discard if gone else self.vips.add)(person)
        exit_ = {"_ab_cdc_deleted_at": self._now()} if gone else {}
        return _record("memberships", {"segment_id": 7, "cio_id": person, **exit_})

    def _now(self) -> str:
        self._seconds += 1
        return (START + timedelta(seconds=self._seconds)).isoformat()

    def difference(self, held: Sequence[Mapping[str, Any]]) -> str | None:
        """Say how the Contacts *held* differ from what all records amount to."""
        by_id = {row["CustomerIO_Id__c"]: row for row in held}
        wrong = {
            "duplicates": len(held) - len(by_id),
            "people missing": len(self.members - by_id.keys()),
            "people nobody told of": len(by_id.keys() - self._profiles.keys()),
            "fields": sum(self._differs(by_id[who], who) for who in self.members & by_id.keys()),
            "exits not cleared": sum(
                row["Plan__c"] is not None for who, row in by_id.items() if who not in self.members
            ),
            "flags": len({who for who, row in by_id.items() if row["Is_VIP__c"]} ^ self.vips),
        }
        return "; ".join(f"{count} {what}" for what, count in wrong.items() if count) or None

    def _differs(self, row: Mapping[str, Any], person: str) -> bool:
        profile = self._profiles[person]
        return (row["LastName"], row["Plan__c"]) != (profile["name"], profile.get("plan"))


class Soak:
    """Runs syncs against one sandbox."""

    def __init__(self, box: Running, folder: Path, dice: random.Random, people: int) -> None:
        self._box = box
        self._folder = folder
        self._dice = dice
        self._history = History(dice, people)
        self.deaths = 0

    def round(self) -> str | None:
        """Run one sync to its end, whatever comes between; say what is wrong then."""
        messages = self._history.sync(self._dice.randrange(1, 150))
        self._settings()
        self._break()
        acknowledged = self._run(
            messages, kill_after_s=self._dice.uniform(SHORTEST_LIFE_S, LONGEST_LIFE_S)
        )
        self._mend()
        if acknowledged is None or (code := self._finish(messages[acknowledged:])) != 0:
            return f"exit code {code}" if acknowledged is not None else "a STATE out of order"
        return self._history.difference(self._box.salesforce_control.records("Contact"))

    def _settings(self) -> None:
        people = {
            "stream": "people",
            "kind": "record",
            "object": "Contact",
            "identity": self._dice.choice(IDENTITIES),
            "fields": [
                {"source": "name", "target": "LastName"},
                {"source": "email", "target": "Email"},
                {"source": "plan", "target": "Plan__c"},
            ],
            "on_exit": {"action": "clear", "fields": ["Plan__c"]},
            "changed_at_field": "CustomerIO_Changed_At__c",
        }
        flags = {
            "stream": "memberships",
            "kind": "flag",
            "object": "Contact",
            "identity": IDENTITIES[0],
            "segments": [{"segment": 7, "field": "Is_VIP__c"}],
        }
        auth = {"type": "refresh_token", **self._box.salesforce_auth["refresh_token"]}
        config = {
            "auth": auth,
            "login_url": self._box.salesforce,
            "mappings": [people, flags],
            "write_api": self._dice.choice(["auto", "rest", "bulk"]),
        }
        streams = [{"stream": {"name": name}} for name in ("people", "memberships")]
        (self._folder / "config.json").write_text(json.dumps(config))
        (self._folder / "catalog.json").write_text(json.dumps({"streams": streams}))

    def _break(self) -> None:
        control, dice = self._box.salesforce_control, self._dice
        for _ in range(dice.randrange(3)):
            control.fault(
                dice.choice(FAULTS), times=2, skip=dice.randrange(4), path=dice.choice(PLACES)
            )
        if dice.random() < 0.3:
            control.do({"expire_sessions": {"after_requests": dice.randrange(1, 6)}})
        if dice.random() < 0.3:
            held = {"CustomerIO_Id__c": f"p{dice.randrange(20)}"}
            control.do(
                {"lock": {"object": "Contact", "where": held, "times": dice.randrange(1, 4)}}
            )
        trouble = {"fails_after_rows": dice.randrange(20), "drops_result_rows": dice.randrange(5)}
        control.post("bulk", {"next_job": trouble if dice.random() < 0.3 else {}})

    def _mend(self) -> None:
        self._box.salesforce_control.clear_faults()
        self._box.salesforce_control.do({"clear_obstacles": {}})
        self._box.salesforce_control.post("bulk", {"next_job": {}})

    def _run(self, messages: Sequence[Json], kill_after_s: float) -> int | None:
        """Return after how many messages the last acknowledged pair of STATEs stands."""
        with self._process(messages) as process:
            killer = threading.Timer(kill_after_s, process.kill)
            killer.start()
            assert process.stdout is not None
            lines = [json.loads(line) for line in process.stdout if line.endswith(b"\n")]
            process.wait()
            killer.cancel()
        self.deaths += process.returncode < 0
        back = [line["state"] for line in lines if line["type"] == "STATE"]
        sent = [m["state"] for m in messages if m["type"] == "STATE"][: len(back)]
        if [{k: v for k, v in s.items() if k != "destinationStats"} for s in back] != sent:
            return None
        places = [at + 1 for at, message in enumerate(messages) if message["type"] == "STATE"]
        whole = len(back) // 2 * 2
        return places[whole - 1] if whole else 0

    def _finish(self, messages: Sequence[Json]) -> int:
        with self._process(messages) as process:
            output, _ = process.communicate()
        if process.returncode:
            sys.stdout.write(output.decode()[-800:])
        return process.returncode

    def _process(self, messages: Sequence[Json]) -> subprocess.Popen[bytes]:
        given = self._folder / "in"
        given.write_text("".join(json.dumps(message) + "\n" for message in messages))
        names = [f"--{name}={self._folder / name}.json" for name in ("config", "catalog")]
        command = [sys.executable, "-m", "destination_salesforce_intro", "write", *names]
        with given.open("rb") as stdin:
            return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE)


def _record(stream: str, data: Json) -> Json:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def _state(stream: str, number: int) -> Json:
    inner = {"stream_descriptor": {"name": stream}, "stream_state": {"n": number}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": inner, "id": number}}


def main() -> int:
    """Run the rounds and return 1 at the first that ends wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, default=40)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - dice
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"seed {options.seed}\n")
    with tempfile.TemporaryDirectory() as folder, running(people=1) as box:
        dice = random.Random(options.seed)  # noqa: S311 - dice, no secret
        soak = Soak(box, Path(folder), dice, options.people)
        for number in range(options.syncs):
            wrong = soak.round()
            say(
                f"{number + 1} of {options.syncs}: {wrong or 'true'}, {soak.deaths} deaths so far\n"
            )
            sys.stdout.flush()
            if wrong:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
