"""Members a second from Customer.io's pages to lines on stdout, ours and others' in one run.

Every program reads the same pages over HTTP from the sandbox (a process of its own) and writes one
record for each member to a file. Ours compares with a snapshot and emits states besides. The best
of several rounds counts. Processor time is shown beside the clock's: it is what stays comparable
on a machine that does other things.

    python -m benchmarks.source_speed [--members 200000] [--rounds 3]
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
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.baselines.members import STREAM
from benchmarks.sandbox_process import sandbox_process

CATALOG = {
    "streams": [
        {
            "stream": {
                "name": STREAM,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
    ]
}
Command = Callable[[Path], list[str]]
PACKAGES = ("source_customerio_segments", "benchmarks")


def _airbyte(module: str) -> Command:
    return lambda folder: [
        *(sys.executable, "-m", module, "read"),
        *("--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")),
    ]


PROGRAMS: dict[str, Command] = {
    "this source": _airbyte("source_customerio_segments"),
    "orjson alone": lambda folder: [
        *(sys.executable, "-m", "benchmarks.baselines.plain", str(folder / "config.json"))
    ],
    "CDK, concurrent stream": _airbyte("benchmarks.baselines.concurrent"),
    "CDK, declarative source": _airbyte("benchmarks.baselines.declarative"),
}


class Took(NamedTuple):
    """Seconds on the clock and of the processor, for one program."""

    clock: float
    processor: float


def run(command: list[str], out: Path, members: int) -> Took:
    """Run a program and return what it took.

    Raises:
        RuntimeError: It failed, or did not write one record for each member.
    """
    began = time.perf_counter()
    with out.open("wb") as file, subprocess.Popen(command, stdout=file) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    with out.open("rb") as lines:
        records = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
    if process.returncode or records != members:
        raise RuntimeError(f"{command[2]} wrote {records} records instead of {members}")
    return Took(took, usage.ru_utime + usage.ru_stime)


def write_settings(folder: Path, box: dict[str, Any]) -> None:
    """Write the files that all programs are given."""
    config = {"app_api_key": box["app_api_key"], "api_url": box["customerio"], "segments": ["7"]}
    (folder / "config.json").write_text(json.dumps(config | {"requests_per_second": 10}))
    (folder / "catalog.json").write_text(json.dumps(CATALOG))


def main() -> None:
    """Measure in rounds, so that a busy moment does not hit one program alone; print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for package in PACKAGES:  # as an installation does
        compileall.compile_dir(package, quiet=1)
    rounds: dict[str, list[Took]] = {program: [] for program in PROGRAMS}
    with (
        tempfile.TemporaryDirectory() as name,
        sandbox_process("--people", str(options.members), "--all-in", "7") as box,
    ):
        folder = Path(name)
        write_settings(folder, box)
        for _ in range(options.rounds):
            for program, command in PROGRAMS.items():
                rounds[program].append(run(command(folder), folder / "out", options.members))
    _report(rounds, options.members)


def _report(rounds: dict[str, list[Took]], members: int) -> None:
    best = {
        program: Took(min(each.clock for each in took), min(each.processor for each in took))
        for program, took in rounds.items()
    }
    ours = best["this source"]
    print(f"{members} members, best of {len(rounds['this source'])}, start-up included")
    print("                          clock   members/s    ratio   processor    ratio")
    for program, took in best.items():
        print(
            f"{program:24} {took.clock:5.2f} s {members / took.clock:9.0f}/s"
            f" {took.clock / ours.clock:6.2f} x {took.processor:9.2f} s"
            f" {took.processor / ours.processor:6.2f} x"
        )


if __name__ == "__main__":
    main()
