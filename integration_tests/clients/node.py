"""Runs a script of Node's own test runner."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
NODE = shutil.which("node") or "node"
TIMEOUT_S = 120


def node_tests(script: str, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the tests in *script* with *given* added to the environment, and tell how they ended."""
    return subprocess.run(
        [NODE, "--test", script],
        cwd=FOLDER,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
