"""Data activation: discover offers what the org allows, write does what was chosen of it."""

import io
from typing import Any

import orjson
import pytest
from airbyte_protocol_dataclasses.models import DestinationCatalog  # type: ignore[import-untyped]  # ships no types
from serpyco_rs import Serializer

from destination_salesforce_intro import commands
from destination_salesforce_intro.activation import operations
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.inputs import configured_streams
from destination_salesforce_intro.output import Output
from sandbox.serve import Running
from unit_tests.destination.builders import CONTACT
from unit_tests.destination.harness import INSTANT, contacts, record, settings, state

CATALOG = Serializer(DestinationCatalog, omit_none=True)


def chosen(sync_mode: str, key: str = "CustomerIO_Id__c", **others: Any) -> dict[str, Any]:
    columns = ["CustomerIO_Id__c", "LastName", "Plan__c", "_ab_source"]
    properties: dict[str, Any] = {name: {} for name in columns}
    return {
        "stream": {"name": "people", "json_schema": {"properties": properties}},
        "destination_sync_mode": sync_mode,
        "destination_object_name": "Contact",
        "primary_key": [[key]],
        "generation_id": 3,
        "minimum_generation_id": 3,
        **others,
    }


def activate(box: Running, stream: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    config = Config.parse({**settings(box), "mappings": []})
    streams = configured_streams({"streams": [stream]})
    lines = [orjson.dumps(message) for message in messages]
    return list(commands.write(config, streams, lines, Output(io.BytesIO()), INSTANT))


def person(number: int, **data: Any) -> dict[str, Any]:
    return record("people", CustomerIO_Id__c=f"p{number}", LastName=f"N{number}", **data)


def test_discover_offers_a_catalog_of_the_protocol(box: Running) -> None:
    found = commands.discover(Config.parse(settings(box)), Output(io.BytesIO()), INSTANT)

    assert CATALOG.dump(CATALOG.load(found)) == found
    names = {each["object_name"] for each in found["operations"]}
    assert {"Account", "Contact", "Lead", "CustomerIO_Membership__c"} <= names
    assert "User" not in names


def test_an_operation_lists_its_keys_types_and_required_fields() -> None:
    by_mode = {each["sync_mode"]: each for each in operations(CONTACT)}
    upsert = by_mode["append_dedup"]

    assert set(by_mode) == {"append", "append_dedup", "update", "soft_delete"}
    assert ["CustomerIO_Id__c"] in upsert["matching_keys"]
    assert upsert["json_schema"]["required"] == ["LastName"]
    assert upsert["json_schema"]["properties"]["Seen_At__c"] == {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    }
    assert "CreatedDate" not in upsert["json_schema"]["properties"]
    assert ["Id"] in by_mode["update"]["matching_keys"]
    assert set(by_mode["soft_delete"]["json_schema"]["properties"]) == {
        key for (key,) in by_mode["soft_delete"]["matching_keys"]
    }


def test_what_may_not_be_done_is_not_offered() -> None:
    assert list(operations(CONTACT.__class__.parse({"name": "X", "fields": []}))) == []


def test_append_dedup_upserts_by_the_matching_key(box: Running) -> None:
    stream = chosen("append_dedup")
    activate(box, stream, person(1, Plan__c="free"), state(1, "people"))
    (back,) = activate(box, stream, person(1, Plan__c="pro"), person(2), state(2, "people"))

    assert back["state"]["destinationStats"]["recordCount"] == 2.0
    assert {key: row["Plan__c"] for key, row in contacts(box).items()} == {"p1": "pro", "p2": None}


def test_append_inserts_what_is_not_there_and_update_never_inserts(box: Running) -> None:
    activate(box, chosen("append"), person(1, Plan__c="free"))
    activate(box, chosen("append"), person(1, Plan__c="pro"))
    activate(box, chosen("update"), person(1, Plan__c="team"), person(2))

    assert {key: row["Plan__c"] for key, row in contacts(box).items()} == {"p1": "team"}


def test_soft_delete_deletes(box: Running) -> None:
    activate(box, chosen("append_dedup"), person(1), person(2))
    activate(box, chosen("soft_delete"), record("people", CustomerIO_Id__c="p1"))

    assert list(contacts(box)) == ["p2"]


@pytest.mark.parametrize("sync_mode", ["append_dedup", "overwrite"])
def test_a_clear_leaves_everything(box: Running, sync_mode: str) -> None:
    """The platform clears by an empty stream, overwritten, of a new generation."""
    activate(box, chosen("append_dedup"), person(1))
    activate(box, chosen(sync_mode, minimum_generation_id=4, generation_id=4))

    assert list(contacts(box)) == ["p1"]


def test_overwrite_upserts_and_removes_nothing(box: Running) -> None:
    activate(box, chosen("append_dedup"), person(1), person(2))
    activate(box, chosen("overwrite"), person(2, Plan__c="basic"), person(3))

    assert {key: row["Plan__c"] for key, row in contacts(box).items()} == {
        "p1": None,
        "p2": "basic",
        "p3": None,
    }
    assert "overwrite" not in {each["sync_mode"] for each in operations(CONTACT)}


@pytest.mark.parametrize(
    "change",
    [
        {"primary_key": []},
        {"primary_key": [["a"], ["b"]]},
        {"primary_key": [["a", "b"]]},
        {"primary_key": [["CustomerIO_Id__c"], ["a", "b"]]},
        {"destination_sync_mode": "x"},
    ],
)
def test_a_choice_that_cannot_be_honoured_is_refused(box: Running, change: dict[str, Any]) -> None:
    with pytest.raises(ConnectorError) as caught:
        activate(box, {**chosen("append_dedup"), **change}, person(1))

    assert caught.value.fault is Fault.CONFIG
    assert "matching key of one field" in caught.value.message
    assert contacts(box) == {}


def test_no_matching_key_of_several_fields_is_offered() -> None:
    assert {len(key) for each in operations(CONTACT) for key in each["matching_keys"]} == {1}


def test_a_mapping_of_the_settings_comes_first(box: Running) -> None:
    mapping = {**settings(box)["mappings"][0], "stream": "people"}
    config = Config.parse(settings(box, mapping))
    streams = configured_streams({"streams": [chosen("append_dedup")]})
    line = orjson.dumps(record("people", cio_id="p5", name="N5"))
    list(commands.write(config, streams, [line], Output(io.BytesIO()), INSTANT))

    assert list(contacts(box)) == ["p5"]
