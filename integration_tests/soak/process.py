"""The source as a process: run to its end, or to the line at which something ends it."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]
PIPE_BYTES = 4_096  # a source that is ahead of its reader is stopped after a few records
NAMELESS = re.compile(r"(\d+) people exit (\w+) with their cio_id alone")
HELD = re.compile(r"Exits of segment (\d+) are held")
PATIENCE_S = 180.0
# A process that ends itself by a signal may be seen as 128 plus its number.
EXPECTED_CODES = {0, 1, -signal.SIGTERM, 128 + signal.SIGTERM, -signal.SIGKILL}


class End(Enum):
    """What ends a sync from outside."""

    KILL = "SIGKILL"  # what the source has written by then still arrives
    TERMINATE = "SIGTERM"
    CLOSE = "closed pipe"  # the reader dies: nothing arrives any more


@dataclass(frozen=True, slots=True)
class Cut:
    """End a sync once *lines* lines have been read."""

    how: End
    lines: int


@dataclass(slots=True)
class Output:
    """What a sync said: whole lines in their order, and how it ended."""

    messages: list[Json] = field(default_factory=list)
    exit_code: int = 0
    stderr: str = ""

    def records(self) -> Iterator[tuple[str, Json]]:
        """Yield stream and data of every record."""
        for message in self.messages:
            if message["type"] == "RECORD":
                yield message["record"]["stream"], message["record"]["data"]

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield stream and message of every state."""
        for message in self.messages:
            if message["type"] == "STATE":
                yield message["state"]["stream"]["stream_descriptor"]["name"], message["state"]

    def statuses(self) -> dict[str, str]:
        """Return the last status of every stream."""
        told = self._traces("stream_status")
        return {each["stream_descriptor"]["name"]: each["status"] for each in told}

    def warned_of(self) -> frozenset[int]:
        """Return the segments of which a warning says that exits are held."""
        logs = (each["log"]["message"] for each in self.messages if each["type"] == "LOG")
        return frozenset(int(each[1]) for each in map(HELD.match, logs) if each)

    def nameless(self, stream: str) -> int:
        """Return how many people a warning says leave *stream* with their cio_id alone."""
        logs = (each["log"]["message"] for each in self.messages if each["type"] == "LOG")
        return sum(int(each[1]) for each in map(NAMELESS.match, logs) if each and each[2] == stream)

    def errors(self) -> list[str]:
        """Return the messages of all error traces."""
        return [each["message"] for each in self._traces("error")]

    def _traces(self, kind: str) -> list[Json]:
        traces = [each["trace"] for each in self.messages if each["type"] == "TRACE"]
        return [each[kind] for each in traces if kind in each]


def run(line: Sequence[str], folder: Path, cut: Cut | None) -> Output:
    """Run a command; its stdout is kept in ``folder/output.jsonl``.

    Raises:
        subprocess.TimeoutExpired: It did not end in time after its last line.
    """
    output = Output()
    with (
        (folder / "stderr.txt").open("wb") as stderr,
        (folder / "output.jsonl").open("wb") as kept,
        subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=stderr, pipesize=PIPE_BYTES
        ) as process,
    ):
        for text in _lines(process, cut):
            kept.write(text)
            kept.flush()
            output.messages.append(orjson.loads(text))
        output.exit_code = process.wait(PATIENCE_S)
    output.stderr = (folder / "stderr.txt").read_text(encoding="utf-8")
    return output


def _lines(process: subprocess.Popen[bytes], cut: Cut | None) -> Iterator[bytes]:
    if process.stdout is None:
        raise TypeError("stdout is not a pipe")
    for number in range(10_000_000):
        if cut is not None and number == cut.lines and _end(process, cut.how):
            return
        text = process.stdout.readline()
        if not text.endswith(b"\n"):
            return  # the end, or a line that its writer did not finish
        yield text


def _end(process: subprocess.Popen[bytes], how: End) -> bool:
    """End the process; tell whether its reader goes with it."""
    time.sleep(0.02)  # it works on until it is ended, or stopped by the full pipe
    if how is End.KILL:
        process.kill()
    elif how is End.TERMINATE:
        process.terminate()
    elif process.stdout is not None:
        process.stdout.close()
    return how is End.CLOSE
