"""``python -m sandbox serve`` as a process of its own, and a way in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

COMMAND = [sys.executable, "-m", "sandbox", "serve", "--people", "0"]
TIMEOUT_S = 20


@dataclass(frozen=True)
class Box:
    """The Salesforce side of a running sandbox."""

    url: str
    auth: dict[str, Any]

    def access_token(self) -> str:
        """Log in, by the client credentials."""
        form = {"grant_type": "client_credentials", **self.auth["client_credentials"]}
        answer = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@contextmanager
def sandbox_process() -> Iterator[Box]:
    """Serve an empty org on a free port until the block ends."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Box(ready["salesforce"], ready["salesforce_auth"])
        finally:
            process.terminate()

    assert process.returncode == 0
