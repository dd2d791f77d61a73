"""Runs jsforce's tests against a sandbox that is a process of its own; needs Node and npm.

``make test-clients`` installs jsforce and names this file; a plain run of the tests does not
collect it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from integration_tests.clients.sandbox_process import sandbox_process

SCRIPT = Path(__file__).with_name("jsforce.test.mjs")
NODE = shutil.which("node") or "node"
TIMEOUT_S = 120


def test_jsforce_works_against_the_sandbox() -> None:
    with sandbox_process() as box:
        given = {"SALESFORCE_URL": box.url, "SALESFORCE_AUTH": json.dumps(box.auth)}
        done = subprocess.run(
            [NODE, "--test", SCRIPT.name],
            cwd=SCRIPT.parent,
            env={**os.environ, **given},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
