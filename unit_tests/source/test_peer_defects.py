"""A defect that shipped elsewhere, as a case of ours; R-number as in ``docs/peers.md``."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.serve import running
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Record, State
from source_customerio_segments.config import Config
from source_customerio_segments.reader import read
from source_customerio_segments.streams.batches import apart

STREAM = "segment_memberships"
NULLS = {"segment_id": 9, "ids": None, "identifiers": None, "next": ""}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "body": {"errors": [{"detail": "not found", "status": "404"}]}},
        {"status": 200, "body": NULLS},
    ],
    ids=["not found", "null identifiers"],
)
def test_r6_airbyte_takes_a_segment_that_is_not_found_for_an_empty_one(
    answer: dict[str, Any],
) -> None:
    """source-customer-io ends COMPLETE on both, which downstream means that everybody left."""
    with running(people=200) as box:
        config = Config.parse(
            {"app_api_key": box.app_api_key, "api_url": box.customerio, "segments": ["9"]}
        )
        client = CustomerioClient(config)
        first = list(apart(read(client, config, [STREAM], {}, lambda: 1_000)))
        state = [message.value for message in first if isinstance(message, State)][-1]
        box.customerio_control.fault(answer, path="/segments/9/membership")

        second = list(apart(read(client, config, [STREAM], {STREAM: state}, lambda: 2_000)))
        client.close()

    assert sum(isinstance(message, Record) for message in first) > 10
    assert [message for message in second if isinstance(message, Record)] == []
