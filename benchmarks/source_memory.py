"""How much memory the source takes at its peak, by people and streams; two syncs each.

    python -m benchmarks.source_memory [--people 1000000]

The whole source runs in a process of its own, writes to a pipe and is given its last states at the
second sync. Customer.io is made up within that process, a page or a batch at a time, because 10,000
requests for a million people's attributes would take 17 minutes of waiting.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sandbox.customerio.ids import cio_id
from source_customerio_segments import commands
from source_customerio_segments.allocation import return_large_blocks
from source_customerio_segments.changes import Activity, Page, Profile, Segment
from source_customerio_segments.config import Config
from source_customerio_segments.output import Output, now_ms

STREAMS = (("segment_memberships",), ("profiles",), ("profiles", "segment_memberships"))
SEGMENT = Segment(7, "Everybody", "finished", {"id": 7, "name": "Everybody", "state": "finished"})
PAGE_PEOPLE = 30_000
FIRST_NAMES = ("ann", "bo", "carla", "farid", "hiro", "ines", "mei", "omar")


class Workspace:
    """Answers as the client does; everybody is in one segment and has ten attributes."""

    def __init__(self, people: int) -> None:
        self._people = people

    def close(self) -> None:
        """Nothing is open."""

    def segments(self) -> list[Segment]:
        """Return the one segment."""
        return [SEGMENT]

    def membership(self, _segment_id: int) -> Iterator[Page]:
        """Yield the pages of its members."""
        for first in range(0, self._people, PAGE_PEOPLE):
            numbers = range(first, min(first + PAGE_PEOPLE, self._people))
            cio_ids = [cio_id(number) for number in numbers]
            yield Page(cio_ids, [email(each) for each in cio_ids], [own_id(c) for c in cio_ids])

    def customer_count(self, _segment_id: int) -> int:
        """Return how many they are."""
        return self._people

    def attributes(
        self, batches: Iterable[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], list[Profile]]]:
        """Yield each batch with its profiles."""
        for batch in batches:
            yield batch, [_profile(each) for each in batch]

    def activities(self, _kind: str, _name: str | None = None) -> Iterator[list[Activity]]:
        """Yield nothing: nobody has done anything."""
        return iter(())


def email(cio_id: str) -> str:
    """Make up an address."""
    number = int(cio_id, 16)
    return f"{FIRST_NAMES[number % 8]}.{number % 9_973 * 7_919 % 100_000}@example.com"


def own_id(cio_id: str) -> str:
    """Make up an id."""
    return f"u-{int(cio_id, 16) % 999_983}"


def _profile(cio_id: str) -> Profile:
    attributes = {f"attribute_{number}": f"{cio_id}-{number}" for number in range(10)}
    return Profile(cio_id, email(cio_id), own_id(cio_id), False, attributes)


class Took(NamedTuple):
    """One sync: its peak in megabytes, processor seconds, and the last state of each stream."""

    megabytes: float
    processor_s: float
    states: dict[str, Any]


def sync(people: int, streams: Sequence[str], states: dict[str, Any]) -> Took:
    """Run one sync in a process of its own.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "states"
        file.write_bytes(orjson.dumps(states))
        command = [sys.executable, "-m", "benchmarks.source_memory", "--people", str(people)]
        command += ["--states", str(file), "--streams", *streams]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            left = dict(_states(process.stdout or ()))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the source ended with {process.returncode}")
    return Took(usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, left)


def _states(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    for line in lines:
        if line.startswith(b'{"type":"STATE"'):
            state = orjson.loads(line)["state"]["stream"]
            yield state["stream_descriptor"]["name"], state["stream_state"]


def run(people: int, streams: Sequence[str], states: dict[str, Any]) -> None:
    """Be the source for one sync."""
    return_large_blocks()
    config = Config.parse({"app_api_key": "made-up"})
    output = Output(sys.stdout.buffer)
    workspace: Any = Workspace(people)
    for message in commands.read(config, streams, states, lambda _: workspace, now_ms, ()):
        output.put(message)
    output.flush()


def main() -> None:
    """Print a table in Markdown, or be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--streams", nargs="*", default=())
    parser.add_argument("--states", type=Path)
    options = parser.parse_args()
    if options.streams:
        run(options.people, options.streams, orjson.loads(options.states.read_bytes()))
        return
    print(
        f"| {options.people:,} people, streams | first sync, MB | second | processor, s | second |"
    )
    print("|---|--:|--:|--:|--:|")
    for streams in STREAMS:
        first = sync(options.people, streams, {})
        second = sync(options.people, streams, first.states)
        memory = f"{first.megabytes:.0f} | {second.megabytes:.0f}"
        seconds = f"{first.processor_s:.0f} | {second.processor_s:.0f}"
        print(f"| {' and '.join(streams)} | {memory} | {seconds} |", flush=True)


if __name__ == "__main__":
    main()
