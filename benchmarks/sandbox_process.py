"""The sandbox as a process of its own, so that it does not share a benchmark's interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def sandbox_process(*options: str) -> Iterator[dict[str, Any]]:
    """Serve until the block ends; yields the line of URLs and credentials."""
    line = [sys.executable, "-m", "sandbox", "serve", *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
