"""Rejected records can be sent again once their cause is gone."""

import io
from pathlib import Path
from typing import Any

import pytest

from destination_salesforce_intro import commands
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.storage.replay import replayed
from sandbox.serve import Running
from unit_tests.destination.harness import INSTANT, contacts, person, record, settings, state, sync


def replay(box: Running, **others: Any) -> str:
    file = io.BytesIO()
    commands.replay(Config.parse(settings(box, **others)), Output(file), INSTANT)
    return file.getvalue().decode()


def test_records_refused_for_a_cause_that_is_gone_are_written(box: Running, tmp_path: Path) -> None:
    kept = {"storage_type": "File", "url": f"file://{tmp_path}"}
    trigger = {"object": "Contact", "field": "LastName", "pattern": "^N[12]$"}
    box.salesforce_control.do({"trigger": trigger})
    first = sync(box, [*(person(n) for n in range(4)), state(1)], object_storage_config=kept)
    box.salesforce_control.do({"clear_obstacles": {}})
    replay(box, object_storage_config=kept)

    assert first.counts == [(2.0, 2.0)]
    assert set(contacts(box)) == {"p0", "p1", "p2", "p3"}
    assert [path.name for path in tmp_path.iterdir()] == [
        "replayed-rejected-20260101T000000-run1-00001.jsonl"
    ]


def test_records_refused_again_are_kept_again(box: Running, tmp_path: Path) -> None:
    kept = {"storage_type": "File", "url": f"file://{tmp_path}"}
    sync(box, [record(cio_id="p1"), state(1)], object_storage_config=kept)
    (before,) = tmp_path.iterdir()
    before.rename(tmp_path / "rejected-earlier-00001.jsonl")
    replay(box, object_storage_config=kept)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "rejected-20260101T000000-run1-00001.jsonl",
        "replayed-rejected-earlier-00001.jsonl",
    ]


def test_a_dry_run_leaves_what_it_has_not_sent_to_be_replayed(box: Running, tmp_path: Path) -> None:
    kept = {"storage_type": "File", "url": f"file://{tmp_path}"}
    box.salesforce_control.do(
        {"trigger": {"object": "Contact", "field": "LastName", "pattern": "1"}}
    )
    sync(box, [person(1), state(1)], object_storage_config=kept)
    box.salesforce_control.do({"clear_obstacles": {}})

    replay(box, object_storage_config=kept, dry_run=True)

    assert contacts(box) == {}
    replay(box, object_storage_config=kept)
    assert set(contacts(box)) == {"p1"}


def test_there_must_be_a_place_to_replay_from(box: Running) -> None:
    with pytest.raises(ConnectorError, match="object_storage_config"):
        replay(box)


def test_a_record_refused_by_two_mappings_is_sent_once() -> None:
    line = b'{"stream": "a", "record": {"n": 1}}\n'

    assert [each.data for records in replayed("x", line * 2) for each in records.received] == [
        {"n": 1}
    ]


@pytest.mark.parametrize(
    "line", [b'{"stream": "a", "rec', b"{}", b"[]", b'{"stream":1,"record":2}']
)
def test_a_damaged_line_is_named_and_not_quoted(line: bytes) -> None:
    with pytest.raises(ConnectorError) as caught:
        list(replayed("rejected-1.jsonl", line))

    assert "Line 1 of rejected-1.jsonl" in caught.value.message
    assert line.decode() not in caught.value.message
