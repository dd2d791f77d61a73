"""Records a second from stdin into Salesforce, beside what the CDK and simple-salesforce do.

All read the same lines and upsert the same five fields by Bulk API 2.0 into a sandbox of their
own (a process each, empty before every run). Ours also checks every value, merges what comes twice,
samples what Salesforce holds, and reads the result of every row. The bare baseline does none of
that, the checked one most of it, in the straight way. Then what ours does from the first line of
stdin to the end of the upload, for as many records as one flush holds. Then the small cases: API
calls for 1,000 changes, and how soon 20 changes show in a large audience.

    python -m benchmarks.destination_speed [--records 100000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks.sandbox_process import sandbox_process
from destination_salesforce_intro.assembly import MAX_CHANGES
from sandbox.control import SalesforceControl

PROGRAMS = {
    "this destination": "destination_salesforce_intro",
    "CDK + bulk2, bare": "benchmarks.baselines.bulk2",
    "CDK + bulk2, checked": "benchmarks.baselines.checked_bulk2",
}
UPLOAD_CLOCK = "benchmarks.upload_clock"
MAPPING = {
    "stream": "profiles",
    "kind": "record",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "fields": [
        {"source": "email", "target": "Email", "format": "email"},
        {"source": "name", "target": "LastName"},
        {"source": "attributes.plan", "target": "Plan__c"},
        {"source": "attributes.ltv", "target": "Cart_Value__c"},
    ],
    "on_exit": {"action": "clear", "fields": ["Plan__c"]},
}
CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "profiles",
                "json_schema": {},
                "supported_sync_modes": ["incremental"],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
        }
    ]
}
PACKAGES = ("destination_salesforce_intro", "benchmarks")
TWENTY, THOUSAND = 20, 1_000


class Took(NamedTuple):
    """Seconds on the clock and of the processor, and the most memory, of one run."""

    clock: float
    processor: float
    megabytes: float


def lines(first: int, last: int, plan: str) -> Iterator[bytes]:
    """Yield the records of people *first* to *last*, and a STATE."""
    for number in range(first, last):
        data = {
            "cio_id": f"a300{number:08x}",
            "email": f"Person{number}@example.com",
            "name": f"Name {number}",
            "unsubscribed": False,
            "attributes": {"plan": plan, "ltv": "12.5", "city": "NY"},
            "segment_ids": [7, 8],
            "updated_at": "2026-11-24T10:00:00.000Z",
        }
        record = {"stream": "profiles", "data": data, "emitted_at": 1}
        yield orjson.dumps({"type": "RECORD", "record": record})
    stream = {"stream_descriptor": {"name": "profiles"}, "stream_state": {"at": last}}
    yield orjson.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": stream}})


def run(module: str, folder: Path, box: dict[str, Any]) -> Took:
    """Write ``folder/in`` with *module* and return what it took.

    Raises:
        RuntimeError: It failed, or did not acknowledge the STATE.
    """
    auth = {"type": "refresh_token", **box["salesforce_auth"]["refresh_token"]}
    config = {"auth": auth, "login_url": box["salesforce"], "mappings": [MAPPING]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    names = ("--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json"))
    command = [sys.executable, "-m", module, "write", *names]
    began = time.perf_counter()
    with (
        (folder / "in").open("rb") as given,
        (folder / "out").open("wb") as out,
        (folder / "marks").open("wb") as marks,
        subprocess.Popen(command, stdin=given, stdout=out, stderr=marks) as process,
    ):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if process.returncode or b'"STATE"' not in (folder / "out").read_bytes():
        raise RuntimeError(f"{module} did not finish: {(folder / 'out').read_bytes()[-500:]!r}")
    return Took(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def give(folder: Path, first: int, last: int, plan: str) -> None:
    """Write the input of the next run."""
    with (folder / "in").open("wb") as file:  # a large parent would count as the child's memory
        file.writelines(line + b"\n" for line in lines(first, last, plan))


def compare(folder: Path, records: int, rounds: int) -> None:
    """Print how both programs do on a first load, the best of several rounds."""
    give(folder, 0, records, "pro")
    took: dict[str, list[Took]] = {program: [] for program in PROGRAMS}
    for _ in range(rounds):
        for program, module in PROGRAMS.items():
            with sandbox_process("--people", "1") as box:
                took[program].append(run(module, folder, box))
    ours = min(each.processor for each in took["this destination"])
    print(f"{records} new records by Bulk API 2.0, best of {rounds}, start-up included")
    print("                          clock   processor   records/s of it    ratio     memory")
    for program, each in took.items():
        best = min(each, key=lambda one: one.processor)
        print(
            f"{program:24} {min(one.clock for one in each):5.2f} s {best.processor:9.2f} s"
            f" {records / best.processor:13.0f}/s {best.processor / ours:10.2f} x"
            f" {best.megabytes:8.0f} MB"
        )


def upload(folder: Path, rounds: int) -> None:
    """Print how many records a second one core takes from stdin to the end of the upload."""
    give(folder, 0, MAX_CHANGES, "pro")
    took = []
    for _ in range(rounds):
        with sandbox_process("--people", "1") as box:
            run(UPLOAD_CLOCK, folder, box)
        marks = json.loads((folder / "marks").read_text().splitlines()[-1])
        took.append(marks["last_put_s"] - marks["first_line_s"])
    best = min(took)
    print(
        f"{MAX_CHANGES} records of one flush, first line of stdin to end of upload, "
        f"best of {rounds}: {best:.3f} s of the processor, {MAX_CHANGES / best:.0f} records/s"
    )


def small(folder: Path, records: int) -> None:
    """Print what 1,000 changes cost in API calls, and how long 20 take in a large audience."""
    module = PROGRAMS["this destination"]
    with sandbox_process("--people", "1") as box:
        give(folder, 0, records, "pro")
        run(module, folder, box)
        control = SalesforceControl(box["salesforce"])
        give(folder, 0, THOUSAND, "free")
        control.reset_requests()
        run(module, folder, box)
        calls = sum(n for what, n in control.requests()["counts"].items() if "oauth2" not in what)
        give(folder, THOUSAND, THOUSAND + TWENTY, "free")
        took = run(module, folder, box)
    print(f"{THOUSAND} changed records: {calls} API calls, look-up and comparison included")
    print(f"{TWENTY} changes among {records} people: {took.clock:.2f} s from start to stored")


def main() -> None:
    """Measure in rounds, so that a busy moment does not hit one program alone; print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for package in PACKAGES:  # as an installation does
        compileall.compile_dir(package, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), options.records, options.rounds)
        upload(Path(name), 2 * options.rounds)
        small(Path(name), options.records // 2)


if __name__ == "__main__":
    main()
