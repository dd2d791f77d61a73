"""The scripts of ``docs/runners.md`` as a reader would copy them, with a sandbox's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.demo.setup import prepare
from sandbox.serve import Running

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGE = (ROOT / "docs" / "runners.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PATIENCE_S = 240


def script(name: str) -> str:
    """Return the block that begins with a comment ``# name: what it does``."""
    (found,) = (block for block in BLOCKS if f"# {name}: " in block)
    return found


def commands(beginning: str) -> str:
    """Return the block that starts with *beginning*."""
    (found,) = (block for block in BLOCKS if block.startswith(beginning))
    return found


def copy(folder: Path, box: Running, *names: str) -> None:
    """Put settings and the scripts *names* into *folder*, and nothing of an earlier sync."""
    prepare(folder, box)
    (folder / "state.json").unlink()
    for name in names:
        (folder / name).write_text(script(name), encoding="utf-8")
        (folder / name).chmod(0o755)


def run(folder: Path, line: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run *line* in *folder*, the connectors on the path, and return how it went."""
    return subprocess.run(
        line,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return this process's environment, the connectors' scripts on the path."""
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
