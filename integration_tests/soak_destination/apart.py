"""Runs the destination once, as a process of its own, until its end or SIGKILL."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from integration_tests.soak_destination.runs import Death, End, Part
from integration_tests.soak_destination.session import Session, ViolationError, complete
from integration_tests.soak_destination.values import Json

PATIENCE_S = 120.0


def run(
    session: Session, parts: Iterator[Part], folder: Path, files: Json, death: Death | None
) -> tuple[End, str]:
    """Run to the end or to the death; return that, and what was logged.

    Raises:
        ViolationError: A promise is broken.
    """
    line = [sys.executable, "-m", "destination_salesforce_intro", "write"]
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        line += [f"--{name}", str(folder / f"{name}.json")]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            talk = _Talk(session, process)
            return talk.through(parts, death), "\n".join(talk.logged)
        finally:
            process.kill()


class _Talk:
    """Sends windows, and takes back what comes, in step: a window at a time."""

    def __init__(self, session: Session, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.logged: list[str] = []
        self._session = session
        self._process = process
        self._stdin = process.stdin
        self._back: queue.Queue[Json | None] = queue.Queue()
        self._error: Json = {}
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            if line.endswith(b"\n"):
                self._back.put(json.loads(line))
        self._back.put(None)

    def through(self, parts: Iterator[Part], death: Death | None) -> End:
        try:
            for part in parts:
                mine = death if death and death.place == part.place else None
                self._send(part, mine)
                if mine is not None:
                    return self._die(mine)
                self._settle()
                self._stdin.writelines(map(complete, part.complete))
            self._session.end()
            self._stdin.close()
        except BrokenPipeError:
            return self._ended()
        return self._ended()

    def _send(self, part: Part, death: Death | None) -> None:
        is_early = death is not None and death.is_early
        told = part.told[: len(part.told) // 2] if is_early else part.told
        self._stdin.writelines([self._session.record(each) for each in told])
        if not is_early:
            self._stdin.writelines([self._session.state(s, part.place) for s in part.states])
        self._stdin.flush()

    def _settle(self) -> None:
        """Wait for what must come back."""
        while self._session.owes:
            if not self._take(PATIENCE_S):
                raise BrokenPipeError
        while not self._back.empty():
            if not self._take(0):
                raise BrokenPipeError

    def _take(self, patience_s: float) -> bool:
        try:
            message = self._back.get(timeout=patience_s) if patience_s else self._back.get_nowait()
        except queue.Empty:
            owes = self._session.owes
            raise ViolationError(f"{owes} STATEs are owed and did not come back") from None
        if message is None:
            self._back.put(None)  # it stays the last, however often it is asked for
            return False
        if message["type"] == "STATE":
            self._session.acknowledge(message)
        elif message["type"] == "TRACE":
            self._error = message["trace"]["error"]
        elif message["type"] == "LOG":
            self.logged.append(message["log"]["message"])
        return True

    def _die(self, death: Death) -> End:
        time.sleep(death.after_s)
        self._process.kill()
        self._take_the_rest()
        return End("died")

    def _ended(self) -> End:
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._take_the_rest()
        code = self._process.wait(PATIENCE_S)
        if code == 0:
            return End("done")
        error = self._error or {"failure_type": "none", "message": f"exit code {code}"}
        return End("failed", error["failure_type"], error["message"])

    def _take_the_rest(self) -> None:
        while self._take(PATIENCE_S):
            pass
