"""The size of a real audience: 100,000 members in one segment.

``make test`` runs the memberships alone; ``make scale`` adds every member's attributes, which take
the App API 1,000 requests at 10 a second, twice.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from examples.demo.compare import membership_differences
from integration_tests.world import World, world

PEOPLE = 100_000
LIMIT_KB = 300 * 1024
STATE_LIMIT_BYTES = 2_000_000
SOURCE_SETTINGS = {"segments": ["7"], "requests_per_second": 10}
MEMBER_IS_CONTACT = {
    "stream": "segment_memberships",
    "kind": "record",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "fields": [
        {"source": "email", "target": "Email", "format": "email"},
        {"target": "LastName", "constant": "Unknown"},
    ],
    "on_exit": {"action": "delete"},
}


@pytest.fixture
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("scale"), people=PEOPLE, all_in=7) as made:
        made.source_settings = SOURCE_SETTINGS
        yield made


@pytest.mark.timeout(600)
def test_hundred_thousand_members_fit_and_a_second_sync_is_silent(crowd: World) -> None:
    crowd.streams = ("segment_memberships",)
    crowd.destination_settings = {"mappings": [MEMBER_IS_CONTACT]}

    two_syncs_fit(crowd)

    contacts = crowd.box.salesforce_control.records("Contact")
    assert len({contact["CustomerIO_Id__c"] for contact in contacts}) == len(contacts) == PEOPLE


@pytest.mark.scale
@pytest.mark.timeout(1_800)
def test_hundred_thousand_people_with_attributes_fit(crowd: World) -> None:
    two_syncs_fit(crowd)

    rows = crowd.box.salesforce_control.records("CustomerIO_Membership__c")
    truth = crowd.box.customerio_control.truth()
    truth["segments"] = {"7": truth["segments"]["7"]}
    assert list(membership_differences(truth, rows)) == []


def two_syncs_fit(crowd: World) -> None:
    """Sync twice; memory and state stay within bounds and the second sync says nothing."""
    first = crowd.clean_sync()
    states = {_stream(state): len(orjson.dumps(state)) for state in crowd.states}
    second = crowd.clean_sync()
    print(f"peak memory (KB) {first.peak_kb}, then {second.peak_kb}; states (bytes) {states}")  # noqa: T201 - the measured figures

    assert first.ledger.records["segment_memberships"] == PEOPLE
    assert max(*first.peak_kb.values(), *second.peak_kb.values()) < LIMIT_KB
    assert max(states.values()) < STATE_LIMIT_BYTES
    assert second.ledger.records["segment_memberships"] == second.ledger.records["profiles"] == 0


def _stream(state: dict[str, Any]) -> str:
    return str(state["stream"]["stream_descriptor"]["name"])
