"""A fresh sandbox for each test, and a client that is logged in to it."""

from collections.abc import Iterator

import pytest

from destination_salesforce_intro.salesforce.client import SalesforceClient
from sandbox.serve import Running, running
from unit_tests.destination.harness import client_of


@pytest.fixture
def box() -> Iterator[Running]:
    with running(people=1) as box:
        yield box


@pytest.fixture
def client(box: Running) -> SalesforceClient:
    return client_of(box)
