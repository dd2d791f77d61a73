"""People in a suppression and in a growth audience at once are counted, never named."""

from typing import Any

from destination_salesforce_intro.changes import Change, Identity, Outcome, Result, Upsert
from destination_salesforce_intro.writing.overlaps import Overlaps
from destination_salesforce_intro.writing.summary import Summary
from unit_tests.destination.builders import ADAPTER, exit_, record_mapping, upsert

CIO = {"source": "cio_id", "target": "CustomerIO_Id__c"}
EMAIL = {"source": "email", "target": "Email", "object": "Contact"}


def suppressed(**settings: Any) -> Any:
    segments = [{"segment": 10, "field": "Is_Suppressed__c"}]
    raw = {"stream": "m", "kind": "flag", "object": "Contact", "identity": [CIO]}
    return ADAPTER.validate_python(raw | {"segments": segments, "priority": 1} | settings)


def campaign(**settings: Any) -> Any:
    segments = [{"segment": 7, "campaign": "701000000000001AAA"}]
    raw = {"stream": "m", "kind": "campaign_member", "identity": [CIO | {"object": "Contact"}]}
    return ADAPTER.validate_python(raw | {"segments": segments} | settings)


def child() -> Any:
    person = {"field": "Contact__c", "identity": [CIO]}
    raw = {"stream": "m", "kind": "child_record", "object": "M__c", "key_field": "Key__c"}
    return ADAPTER.validate_python(raw | {"person": person, "priority": 50})


def members(place: int, *keys: str) -> list[Change]:
    return [upsert(key, mapping=place) for key in keys]


def lines(mappings: list[Any], *changes: Change) -> list[str]:
    overlaps = Overlaps(mappings)
    for change in changes:
        overlaps.note([change])
    return list(overlaps.lines())


def test_people_in_both_are_counted_once_each_and_not_named() -> None:
    both = [*members(0, "ann", "bob", "ann"), *members(1, "bob", "ann", "cy")]

    (line,) = lines([suppressed(), campaign()], *both)

    assert line.startswith("2 people of this sync are both in mappings[0], which is written first,")
    assert "ann" not in line


def test_nobody_in_both_makes_no_line() -> None:
    mappings = [suppressed(), campaign()]

    assert lines(mappings, *members(0, "ann"), *members(1, "bob")) == []
    assert lines(mappings, exit_("ann"), *members(1, "ann")) == []


def test_mappings_of_one_priority_and_records_do_not_suppress() -> None:
    everyone = [*members(0, "ann"), *members(1, "ann")]

    assert lines([suppressed(priority=100), campaign()], *everyone) == []
    assert lines([record_mapping(priority=1), campaign()], *everyone) == []


def test_people_are_compared_by_columns_that_both_mappings_know() -> None:
    by_email = campaign(identity=[EMAIL])

    assert lines([suppressed(), by_email], *members(0, "x"), *members(1, "x")) == []


def test_row_of_a_child_record_is_told_by_its_person() -> None:
    row = Upsert(0, Identity(("7:ann", "ann"), (None, None), "7"), {}, None, ())

    assert len(lines([child(), campaign()], row, *members(1, "ann"))) == 1


def test_summary_tells_of_stored_memberships_only() -> None:
    summary = Summary([suppressed(), campaign()])
    for change in (*members(0, "ann"), *members(1, "ann")):
        summary.note([Outcome(change, Result.UPDATED)], 0.0)

    assert any("1 people of this sync" in line for line in summary.lines())
