"""The main job at the size of a real audience: 100,000 members in one segment."""

from collections.abc import Iterator

import orjson
import pytest

from integration_tests.world import World, world

PEOPLE = 100_000
LIMIT_KB = 300 * 1024
STATE_LIMIT_BYTES = 2_000_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("scale"), people=PEOPLE, all_in=7) as made:
        made.source_settings = {"segments": ["7"], "requests_per_second": 10}
        yield made


@pytest.mark.timeout(500)
def test_hundred_thousand_members_fit_and_a_second_sync_is_silent(crowd: World) -> None:
    first = crowd.clean_sync()
    states = {_stream(state): len(orjson.dumps(state)) for state in crowd.states}
    second = crowd.clean_sync()
    print(first.peak_kb, second.peak_kb, states)  # noqa: T201 - the measured figures

    assert first.ledger.records["segment_memberships"] == PEOPLE
    assert max(first.peak_kb.values()) < LIMIT_KB
    assert max(states.values()) < STATE_LIMIT_BYTES
    assert (second.ledger.records["profiles"], second.ledger.records["segment_memberships"]) == (
        0,
        0,
    )
    assert crowd.differences() == []


def _stream(state: dict[str, dict[str, dict[str, str]]]) -> str:
    return state["stream"]["stream_descriptor"]["name"]
