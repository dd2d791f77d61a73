"""Refused records are durable, complete and readable before their STATE goes back."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from destination_salesforce_intro.changes import Outcome, Received, Refused, Rejection, Result
from destination_salesforce_intro.config import ObjectStorage, RecordMapping
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.storage.folders import Folder, open_folder
from destination_salesforce_intro.storage.parts import MAX_LINES, Parts
from destination_salesforce_intro.storage.rejected import RejectedFile
from destination_salesforce_intro.writing.summary import Summary
from unit_tests.destination.builders import upsert
from unit_tests.destination.harness import CONTACTS, NOW_S

ADAPTER: TypeAdapter[ObjectStorage] = TypeAdapter(ObjectStorage)
MAPPING = RecordMapping.model_validate(CONTACTS)
WHY = Rejection("STRING_TOO_LONG", "m", "A text is too long.", "Cut it.")


def folder(path: Path) -> Folder:
    return Folder(f"file://{path}/deep/rejected", {})


def rejected(place: Folder | None) -> RejectedFile:
    return RejectedFile(
        Parts(place, "rejected-run1"), [MAPPING], lambda: "2026-01-01T00:00:00.000Z"
    )


def refused(number: int) -> Refused:
    return Refused(0, Received("profiles", number, {"cio_id": f"p{number}"}), WHY)


def lines(place: Folder) -> list[dict[str, Any]]:
    names = place.names("rejected-")
    return [orjson.loads(line) for name in names for line in place.read(name).splitlines()]


def test_every_record_of_a_merged_change_has_a_line_of_its_own(tmp_path: Path) -> None:
    place = folder(tmp_path)
    file = rejected(place)
    both = (Received("profiles", 1, {"n": 1}), Received("profiles", 2, {"n": 2}))
    change = upsert("a1")._replace(received=both)
    file.add(Outcome(change, Result.REJECTED, WHY))
    file.secure()

    assert [line["record"] for line in lines(place)] == [{"n": 1}, {"n": 2}]
    assert lines(place)[0] == {
        "stream": "profiles",
        "kind": "record",
        "object": "Contact",
        "key": {"CustomerIO_Id__c": change.identity.keys[0]},
        "code": "STRING_TOO_LONG",
        "message": "m",
        "cause": "A text is too long.",
        "hint": "Cut it.",
        "record": {"n": 1},
        "rejected_at": "2026-01-01T00:00:00.000Z",
    }


def test_parts_follow_each_other_and_none_is_written_twice(tmp_path: Path) -> None:
    place = folder(tmp_path)
    file = rejected(place)
    for number in range(3):
        file.add(refused(number))
        file.secure()
        file.secure()

    assert place.names("rejected-") == [f"rejected-run1-0000{n}.jsonl" for n in (1, 2, 3)]
    assert [line["record"]["cio_id"] for line in lines(place)] == ["p0", "p1", "p2"]


def test_refusals_do_not_pile_up_in_memory(tmp_path: Path) -> None:
    place = folder(tmp_path)
    file = rejected(place)
    for number in range(MAX_LINES):
        file.add(refused(number))

    assert len(lines(place)) == MAX_LINES


def test_without_a_place_refusals_are_counted_only() -> None:
    file = rejected(None)
    file.add(refused(1))
    file.secure()

    assert file.count == 1


def test_a_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    place = folder(tmp_path)
    place.probe()

    assert place.names("") == []


@pytest.mark.parametrize("url", ["file:///proc/nowhere", "nosuch://bucket/x"])
def test_a_place_that_cannot_be_used_is_for_the_operator(url: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        Folder(url, {}).probe()

    assert caught.value.fault is Fault.CONFIG
    assert "object_storage_config" in caught.value.message


def test_each_storage_type_names_its_place() -> None:
    s3 = {
        "storage_type": "S3",
        "s3_bucket_name": "b",
        "bucket_path": "/x/",
        "s3_bucket_region": "eu-west-1",
        "access_key_id": "k",
        "secret_access_key": "s",
    }
    found = open_folder(ADAPTER.validate_python(s3))

    assert open_folder(ADAPTER.validate_python({"storage_type": "None"})) is None
    assert found is not None
    assert found._url == "s3://b/x"
    assert found._options == {
        "key": "k",
        "secret": "s",
        "client_kwargs": {"region_name": "eu-west-1"},
    }


def test_any_file_system_will_do() -> None:
    place = Folder("memory://rejected", {})
    place.write("rejected-1.jsonl", b"{}\n")

    assert place.names("rejected") == ["rejected-1.jsonl"]
    assert place.read("rejected-1.jsonl") == b"{}\n"


def test_the_summary_counts_records_and_shows_no_values() -> None:
    summary = Summary([MAPPING])
    change = upsert("a1", at="2025-12-31T23:59:00.000Z")
    results = (Outcome(change, Result.CREATED), Outcome(change, Result.UNCHANGED))
    summary.note([*results, Outcome(change, Result.REJECTED, WHY), refused(4)], NOW_S)
    counts, why = summary.lines()

    assert counts == (
        "mappings[0] profiles -> Contact (record): 4 received, 1 created, 0 updated, 0 cleared, "
        "0 deleted, 1 unchanged, 0 not found, 2 rejected; from change to stored 60.0 s median, "
        "60.0 s 95th"
    )
    assert why == (
        "mappings[0] profiles -> Contact (record): 2 rejected with STRING_TOO_LONG: A text is too "
        "long. Cut it."
    )
