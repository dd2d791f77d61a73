"""Records, and schemas that describe them."""

from __future__ import annotations

from typing import Any

import pytest

from source_customerio_segments.changes import Profile, Segment
from source_customerio_segments.config import Config
from source_customerio_segments.snapshot.persons import Person
from source_customerio_segments.streams import catalog as streams
from source_customerio_segments.streams.audience import digest
from source_customerio_segments.streams.records import (
    EXITED,
    columns,
    definition_hash,
    instant,
    membership,
    profile,
    profile_exit,
    segment,
)

ANN = Person("a1", "ann@example.com", "u-1", None, None)
FOUND = Profile("a1", "ann@example.com", "u-1", False, {"plan": "pro", "_last_emailed": "1"})


def catalog(**config: object) -> dict[str, streams.Stream]:
    parsed = Config.parse({"app_api_key": "k", **config})
    return {each.name: each for each in streams.streams(parsed, [7])}


def test_an_instant_is_written_to_the_millisecond() -> None:
    assert instant(1_795_662_000_007) == "2026-11-26T03:00:00.007Z"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"conditions": {"a": 1, "b": 2}}, {"conditions": {"b": 2, "a": 1}}, True),
        ({"conditions": {"a": 1}, "name": "x"}, {"conditions": {"a": 1}, "name": "y"}, True),
        ({"conditions": {"a": 1}}, {"conditions": {"a": 2}}, False),
        ({}, {"conditions": None}, True),
    ],
)
def test_the_fingerprint_is_of_the_conditions_alone(
    one: dict[str, Any], other: dict[str, Any], *, equal: bool
) -> None:
    ours, theirs = (definition_hash(Segment(7, "", "finished", raw)) for raw in (one, other))

    assert (ours == theirs) is equal


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        (FOUND._replace(attributes={"plan": "free"}), True),
        (FOUND._replace(unsubscribed=True), True),
        (FOUND._replace(email="Ann@example.com"), True),
        (FOUND._replace(attributes={"_last_emailed": "2", "plan": "pro"}), False),
    ],
)
def test_the_digest_is_of_what_is_shown_without_bookkeeping(
    changed: Profile, *, differs: bool
) -> None:
    assert (digest(FOUND, ()) != digest(changed, ())) is differs


def test_the_digest_passes_over_attributes_that_are_not_selected() -> None:
    changed = FOUND._replace(attributes={"plan": "pro", "city": "Oslo"})

    assert digest(FOUND, ["plan"]) == digest(changed, ["plan"])


def test_an_attribute_called_like_a_field_gets_no_column() -> None:
    data = profile(ANN, FOUND, [(7, "Cart")], ["email", "plan"], 0)

    assert columns(data, ["email", "plan"], [7, 8]) == {
        "plan": "pro",
        "in_segment_7": True,
        "in_segment_8": False,
    }


def test_an_exit_shows_no_attributes_for_null_would_clear_them() -> None:
    data = profile_exit(ANN, 0)

    assert "attributes" not in data
    assert columns(data, ["plan"], [7]) == {"in_segment_7": False}


def test_schemas_describe_the_records() -> None:
    found = catalog(attributes=["plan"], segments=["7"])
    person = profile(ANN, FOUND, [(7, "Cart")], ["plan"], 0)
    shown = {
        "segments": segment(Segment(7, "Cart", "finished", {"id": 7, "conditions": {}}), 1),
        "profiles": person | columns(person, ["plan"], [7]),
        "segment_memberships": membership((7, "Cart"), ANN, EXITED, 0, 0),
    }

    for name, record in shown.items():
        assert set(record) <= set(found[name].json_schema["properties"])
    assert set(shown["profiles"]) == set(found["profiles"].json_schema["properties"])


def test_a_column_never_replaces_a_field_in_the_schema() -> None:
    properties = catalog(attributes=["unsubscribed"])["profiles"].json_schema["properties"]

    assert properties["unsubscribed"] == streams.TRUTH


@pytest.mark.parametrize("name", ["segments", "profiles", "segment_memberships", "segment_syncs"])
def test_keys_and_cursors_are_in_the_schema_and_never_null(name: str) -> None:
    stream = catalog()[name]
    cursor = [stream.cursor_field] if stream.cursor_field else []

    for field in [*stream.primary_key, *cursor]:
        kind = stream.json_schema["properties"][field]["type"]
        assert "null" not in kind


def test_only_segments_has_no_incremental_mode() -> None:
    modes = {name: stream.sync_modes for name, stream in catalog().items()}

    assert modes.pop("segments") == ("full_refresh",)
    assert set(modes.values()) == {("full_refresh", "incremental")}
