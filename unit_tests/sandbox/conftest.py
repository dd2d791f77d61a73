"""A running sandbox, on loopback, for the tests of what clients see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.serve import Running, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(people=300) as servers:
        yield servers


@pytest.fixture
def customerio(sandbox: Running) -> Iterator[requests.Session]:
    """A session with the key; nothing is broken and nothing counted when it starts."""
    sandbox.customerio_control.clear_faults()
    sandbox.customerio_control.reset_requests()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.app_api_key}"
        yield session
