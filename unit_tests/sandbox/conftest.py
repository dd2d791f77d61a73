"""A running sandbox, on loopback, for the tests of what clients see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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


@pytest.fixture
def rest(sandbox: Running) -> Iterator[Callable[..., requests.Response]]:
    """Send Salesforce requests of version 65.0 in a session of their own.

    When it starts, no person, account or campaign is in the org, nothing obstructs or is counted.
    """
    control = sandbox.salesforce_control
    control.do({"clear_obstacles": {}})
    for name in ("Contact", "Lead", "Account", "Campaign"):
        control.do({"delete": {"object": name, "where": {"IsDeleted": 0}}})
    control.reset_writes()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {_token(sandbox)}"

        def send(method: str, path: str, **options: Any) -> requests.Response:
            url = f"{sandbox.salesforce}/services/data/v65.0{path}"
            return session.request(method, url, timeout=10, **options)

        yield send


def _token(sandbox: Running) -> str:
    form = {"grant_type": "refresh_token", **sandbox.salesforce_auth["refresh_token"]}
    answer = requests.post(f"{sandbox.salesforce}/services/oauth2/token", data=form, timeout=10)
    return str(answer.json()["access_token"])
