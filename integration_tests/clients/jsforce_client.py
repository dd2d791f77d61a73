"""Runs jsforce's tests against a sandbox that is a process of its own; needs Node and npm.

``make test-clients`` installs jsforce and names this file; a plain run of the tests does not
collect it.
"""

from __future__ import annotations

import json

from integration_tests.clients.node import node_tests
from integration_tests.clients.sandbox_process import sandbox_process


def test_jsforce_works_against_the_sandbox() -> None:
    with sandbox_process() as box:
        given = {"SALESFORCE_URL": box.url, "SALESFORCE_AUTH": json.dumps(box.auth)}
        done = node_tests("jsforce.test.mjs", given)

    assert done.returncode == 0, done.stdout + done.stderr
