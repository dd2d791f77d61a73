"""One sync as a user would run it: ``source read | tee | destination write``, keeping the state."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
PATIENCE_S = 120


@dataclass(frozen=True)
class Sync:
    """What one run of the pipe left behind.

    *records* counts the source's records by stream; *summary* is what the destination said at its
    end; *states* are the last acknowledged ones, for the next run.
    """

    exit_code: int
    seconds: float
    records: Counter[str]
    summary: list[str]
    states: list[dict[str, Any]]


def sync(folder: Path, name: str) -> Sync:
    """Run the pipe in *folder* from ``state.json`` there, and keep the new state in it."""
    started = time.monotonic()
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", _pipe(name)],  # noqa: S607 - the pipe is the point
        cwd=folder,
        timeout=PATIENCE_S,
        check=False,
    )
    seconds = time.monotonic() - started
    emitted, answered = _messages(folder / f"{name}.jsonl"), _messages(folder / f"{name}.out.jsonl")
    states = _keep_state(folder / "state.json", answered)
    records = Counter(m["record"]["stream"] for m in emitted if m["type"] == "RECORD")
    said = [text for message in answered for text in _said(message)]
    return Sync(done.returncode, seconds, records, said, states)


def _pipe(name: str) -> str:
    read = (
        f"{_quoted('source-customerio-segments')} read --config source.json --catalog catalog.json"
    )
    write = f"{_quoted('destination-salesforce-intro')} write --config destination.json"
    return (
        f"{read} --state state.json | tee {name}.jsonl"
        f" | {write} --catalog catalog.json > {name}.out.jsonl"
    )


def script(name: str) -> str:
    """Return the path of an installed connector."""
    return str(BIN / name)


def _quoted(name: str) -> str:
    return shlex.quote(script(name))


def _messages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _said(message: dict[str, Any]) -> Iterator[str]:
    """Yield what a message of the destination says to the operator: a log line, an error."""
    if message["type"] == "LOG":
        yield message["log"]["message"]
    if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
        yield message["trace"]["error"]["message"]


def _keep_state(path: Path, answered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace each stream's state by the last one the destination gave back."""
    states = {_stream(state): state for state in json.loads(path.read_text(encoding="utf-8"))}
    states |= {_stream(m["state"]): m["state"] for m in answered if m["type"] == "STATE"}
    path.write_text(json.dumps(list(states.values())), encoding="utf-8")
    return list(states.values())


def _stream(state: dict[str, Any]) -> str:
    return str(state["stream"]["stream_descriptor"]["name"])
