"""Runs the destination once, in this process or as one of its own, until its end or its death."""

from __future__ import annotations

import io
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO, Any

from destination_salesforce_intro import commands
from destination_salesforce_intro.assembly import World
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.inputs import configured_streams
from destination_salesforce_intro.output import Output
from integration_tests.soak_destination.session import Session, ViolationError
from integration_tests.soak_destination.story import Told
from integration_tests.soak_destination.values import Json

PATIENCE_S = 120.0
BLINK_S = 0.005
Lines = Callable[[Session], Iterator["Part"]]


@dataclass
class Part:
    """A window as it is sent this time."""

    place: int
    told: Sequence[Told]
    states: Sequence[str]


@dataclass(frozen=True)
class Death:
    """When the destination is to die: in the window at *place*, before or after its STATEs."""

    place: int
    how: str  # "reading", "writing", "waiting"
    after_s: float


def draw_death(places: Sequence[int], rng: Random) -> Death:
    """Draw a death in one of the windows that are left."""
    how = rng.choice(("reading", "writing", "writing", "waiting"))
    return Death(rng.choice(places), how, rng.random() * 0.25)


class DiedError(BaseException):
    """The run is over as if the process were gone; no code of the connector handles this."""


# --- in this process -----------------------------------------------------------------------


def run_here(
    session: Session, parts: Iterator[Part], config: Json, catalog: Json, death: Death | None
) -> bool:
    """Run to the end (True) or to the death (False).

    Raises:
        ViolationError: A promise is broken.
    """
    sleeper = _Sleeper(death)
    world = World(time.time, sleeper.sleep, lambda: f"{time.time_ns():x}")
    output = Output(io.BytesIO())
    lines = _lines(session, parts, death, sleeper)
    try:
        streams = configured_streams(catalog)
        for message in commands.write(Config.parse(config), streams, lines, output, world):
            session.acknowledge(json.loads(json.dumps(message)))
    except DiedError:
        return False
    except ConnectorError as error:
        return _failed(error.fault is Fault.TRANSIENT, error.message)
    session.check_end()
    return True


def _failed(is_transient: bool, message: str) -> bool:  # noqa: FBT001  (what was read of the error)
    if not is_transient:
        raise ViolationError(f"the sync failed: {message}")
    return False


class _Sleeper:
    """Waits shortly, and may be where the run dies."""

    def __init__(self, death: Death | None) -> None:
        self.is_armed = False
        self._dies = death is not None and death.how == "waiting"

    def sleep(self, seconds: float) -> None:
        if self.is_armed and self._dies:
            raise DiedError
        time.sleep(min(seconds, BLINK_S))


def _lines(
    session: Session, parts: Iterator[Part], death: Death | None, sleeper: _Sleeper
) -> Iterator[bytes]:
    for part in parts:
        how = death.how if death and death.place == part.place else None
        sleeper.is_armed = how is not None
        told = part.told[: len(part.told) // 2] if how == "reading" else part.told
        for each in told:
            yield session.record(each)
        for stream in part.states if how != "reading" else ():
            yield session.state(stream, part.place)
        if how is not None:
            raise DiedError
    session.end()


# --- as a process of its own ---------------------------------------------------------------


def run_process(
    session: Session, parts: Iterator[Part], folder: Path, files: Json, death: Death | None
) -> bool:
    """Run to the end (True) or to the death (False); killed with SIGKILL.

    Raises:
        ViolationError: A promise is broken.
    """
    line = [sys.executable, "-m", "destination_salesforce_intro", "write"]
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        line += [f"--{name}", str(folder / f"{name}.json")]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            return _Talk(session, process).through(parts, death)
        finally:
            process.kill()


class _Talk:
    """Sends windows, and takes back what comes, in step: a window at a time."""

    def __init__(self, session: Session, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._session = session
        self._process = process
        self._stdin = process.stdin
        self._back: queue.Queue[Json | None] = queue.Queue()
        self._error: Json | None = None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            if line.endswith(b"\n"):
                self._back.put(json.loads(line))
        self._back.put(None)

    def through(self, parts: Iterator[Part], death: Death | None) -> bool:
        try:
            for part in parts:
                dies = death is not None and death.place == part.place
                self._send(part, death if dies else None)
                if dies:
                    return self._die()
                self._settle()
            self._session.end()
            self._stdin.close()
        except BrokenPipeError:
            return self._ended()
        return self._ended()

    def _send(self, part: Part, death: Death | None) -> None:
        is_early = death is not None and death.how == "reading"
        told = part.told[: len(part.told) // 2] if is_early else part.told
        self._stdin.writelines([self._session.record(each) for each in told])
        if not is_early:
            self._stdin.writelines([self._session.state(s, part.place) for s in part.states])
        self._stdin.flush()
        if death is not None:
            time.sleep(death.after_s)

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
            raise ViolationError(
                f"{self._session.owes} STATEs are owed and did not come back"
            ) from None
        if message is None:
            return False
        if message["type"] == "STATE":
            self._session.acknowledge(message)
        elif message["type"] == "TRACE":
            self._error = message["trace"]["error"]
        return True

    def _die(self) -> bool:
        self._process.kill()
        while self._take(PATIENCE_S):
            pass
        return False

    def _ended(self) -> bool:
        with suppress(BrokenPipeError):
            self._stdin.close()
        while self._take(PATIENCE_S):
            pass
        code = self._process.wait(PATIENCE_S)
        if code == 0:
            self._session.check_end()
            return True
        error: Any = self._error or {"failure_type": "none", "message": f"exit code {code}"}
        return _failed(error["failure_type"] == "transient_error", error["message"])
