"""Run source and destination as two processes, with the runner in the middle.

Only RECORD and STATE go through. COMPLETE is sent for every stream of the catalog when, and only
when, the source exited 0; then the destination's stdin is closed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from integration_tests.runner.ledger import Json, Ledger

PATIENCE_S = 120.0
WATCH_EVERY_S = 0.01


@dataclass(frozen=True, slots=True)
class Kill:
    """``kill -9`` of *side* ("source" or "destination") as soon as *when* says so.

    *when* sees the ledger after every line forwarded, and every few milliseconds besides.
    """

    side: str
    when: Callable[[Ledger], bool]


@dataclass(slots=True)
class Outcome:
    """How a sync ended: exit codes, the books, and everything either side said besides."""

    ledger: Ledger
    source_exit: int = 0
    destination_exit: int = 0
    source_messages: list[Json] = field(default_factory=list)
    destination_messages: list[Json] = field(default_factory=list)
    stderr: str = ""
    peak_kb: dict[str, int] = field(default_factory=dict)  # resident memory, by side

    @property
    def logs(self) -> list[str]:
        """The texts of all LOG messages of the destination."""
        return [m["log"]["message"] for m in self.destination_messages if m["type"] == "LOG"]

    @property
    def errors(self) -> list[Json]:
        """The ``error`` part of all TRACE ERROR messages, the source's first."""
        both = self.source_messages + self.destination_messages
        traces = [m["trace"] for m in both if m["type"] == "TRACE"]
        return [t["error"] for t in traces if t["type"] == "ERROR"]


def command(module: str, verb: str, folder: Path, **files: Any) -> list[str]:
    """Write each of *files* as JSON into *folder* and return the connector's command line.

    ``command("source_customerio_segments", "read", tmp_path, config={…}, catalog={…})``
    """
    line = [sys.executable, "-m", module, verb]
    for name, content in files.items():
        path = folder / f"{module}-{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        line += [f"--{name}", str(path)]
    return line


def run_sync(
    source: Sequence[str],
    destination: Sequence[str],
    streams: Sequence[str],
    kill: Kill | None = None,
) -> Outcome:
    """Run one sync to its end and return how it went; never raises for a connector's failure."""
    outcome = Outcome(Ledger())
    with (
        _process(source, stdout=subprocess.PIPE) as left,
        _process(destination, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as right,
    ):
        middle = _Middle(outcome, left, right, kill)
        threads = [threading.Thread(target=work) for work in (middle.take_back, middle.watch)]
        for thread in threads:
            thread.start()
        middle.forward(streams)
        outcome.destination_exit = right.wait(PATIENCE_S)
        for thread in threads:
            thread.join(PATIENCE_S)
    return outcome


def _process(line: Sequence[str], **pipes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line, stderr=subprocess.PIPE, **pipes)  # type: ignore[call-overload,no-any-return]


class _Middle:
    """The two pumps between the processes."""

    def __init__(
        self,
        outcome: Outcome,
        left: subprocess.Popen[bytes],
        right: subprocess.Popen[bytes],
        kill: Kill | None,
    ) -> None:
        self._outcome, self._left, self._right, self._kill = outcome, left, right, kill
        self._lock = threading.Lock()

    def forward(self, streams: Sequence[str]) -> None:
        """Pump the source's RECORD and STATE to the destination, then say how it ended."""
        assert self._right.stdin is not None
        stderr = [_drain(self._left.stderr), _drain(self._right.stderr)]
        try:
            for line in self._lines():
                self._right.stdin.write(line)
                self._maybe_kill()
            self._outcome.source_exit = self._left.wait(PATIENCE_S)
            if self._outcome.source_exit == 0:
                self._right.stdin.writelines(map(_complete, streams))
            self._right.stdin.close()
        except BrokenPipeError:  # the destination is gone: the platform stops the source
            self._left.kill()
            self._outcome.source_exit = self._left.wait(PATIENCE_S)
            with suppress(BrokenPipeError):
                self._right.stdin.close()
        self._outcome.stderr = "".join(part() for part in stderr)

    def _lines(self) -> Iterator[bytes]:
        assert self._left.stdout is not None
        assert self._right.stdin is not None
        for line in self._left.stdout:
            if not line.endswith(b"\n"):
                return  # cut off by the death of the source
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                self._outcome.ledger.record(message)
                yield line
            elif message["type"] == "STATE":
                with self._lock:
                    stamped = self._outcome.ledger.stamp(message)
                yield orjson.dumps(stamped) + b"\n"
                self._right.stdin.flush()
            else:
                self._outcome.source_messages.append(message)

    def take_back(self) -> None:
        """Read the destination's stdout to its end."""
        assert self._right.stdout is not None
        for line in self._right.stdout:
            message = orjson.loads(line)
            if message["type"] == "STATE":
                with self._lock:
                    self._outcome.ledger.acknowledge(message)
            else:
                self._outcome.destination_messages.append(message)

    def watch(self) -> None:
        """Note both sides' memory and look for the moment to kill, until the destination ends."""
        while self._right.poll() is None:
            self._maybe_kill()
            for side, process in (("source", self._left), ("destination", self._right)):
                self._outcome.peak_kb[side] = peak_kb(process.pid) or self._outcome.peak_kb.get(
                    side, 0
                )
            time.sleep(WATCH_EVERY_S)

    def _maybe_kill(self) -> None:
        if self._kill and self._kill.when(self._outcome.ledger):
            (self._left if self._kill.side == "source" else self._right).kill()


def peak_kb(pid: int) -> int:
    """Return the most memory the process ever held (VmHWM); 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(sizes[0]) if sizes else 0


def _complete(stream: str) -> bytes:
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": time.time() * 1000, "stream_status": status}
    return orjson.dumps({"type": "TRACE", "trace": trace}) + b"\n"


def _drain(pipe: IO[bytes] | None) -> Callable[[], str]:
    """Read *pipe* in the background, so that a talkative process never blocks; return a getter."""
    chunks: list[bytes] = []

    def read() -> None:
        assert pipe is not None
        chunks.extend(pipe)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()

    def text() -> str:
        thread.join(PATIENCE_S)
        return b"".join(chunks).decode(errors="replace")

    return text
