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

COMMAND = [sys.executable, "-m", "sandbox", "serve"]
TIMEOUT_S = 20


@dataclass(frozen=True)
class Box:
    """A running sandbox: *url* and *auth* are the Salesforce side's."""

    url: str
    auth: dict[str, Any]
    customerio: str
    app_api_key: str

    def access_token(self) -> str:
        """Log in, by the client credentials."""
        form = {"grant_type": "client_credentials", **self.auth["client_credentials"]}
        answer = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@contextmanager
def sandbox_process(people: int = 0) -> Iterator[Box]:
    """Serve an empty org, and a workspace of so many people, until the block ends."""
    command = [*COMMAND, "--people", str(people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield Box(
                ready["salesforce"],
                ready["salesforce_auth"],
                ready["customerio"],
                ready["app_api_key"],
            )
        finally:
            process.terminate()

    assert process.returncode == 0
