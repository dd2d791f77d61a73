"""Runs customerio-node's tests against a sandbox that is a process of its own.

It needs Node and npm. ``make test-clients`` installs the client and names this file; a plain run
of the tests does not collect it.
"""

from __future__ import annotations

from integration_tests.clients.node import node_tests
from integration_tests.clients.sandbox_process import sandbox_process


def test_customerio_node_works_against_the_sandbox() -> None:
    with sandbox_process(people=200) as box:
        given = {"CUSTOMERIO_URL": box.customerio, "APP_API_KEY": box.app_api_key}
        done = node_tests("customerio.test.mjs", given)

    assert done.returncode == 0, done.stdout + done.stderr
