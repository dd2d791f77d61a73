"""Removals over budget are held back whole, and nothing that covers them is acknowledged."""

from typing import Any

import pytest

from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.writing.guard import Guard
from sandbox.serve import Running
from unit_tests.destination.builders import exit_
from unit_tests.destination.harness import CONTACTS, contacts, gone, person, record, state, sync

PEOPLE = [person(n, plan="pro") for n in range(20)]
SECOND: dict[str, Any] = {**CONTACTS, "stream": "others", "fields": CONTACTS["fields"][:1]}


def plans(box: Running) -> dict[str, Any]:
    return {key: row["Plan__c"] for key, row in contacts(box).items()}


def test_a_flush_over_budget_removes_nothing_and_later_ones_neither(box: Running) -> None:
    sync(box, PEOPLE)
    result = sync(
        box,
        [
            gone(1),
            state(1),
            *(gone(n) for n in range(2, 6)),
            person(30),
            state(2),
            gone(7),
            state(3),
        ],
        max_removals=3,
        max_removal_percent=0,
    )

    assert result.acknowledged == [1]
    assert [key for key, plan in plans(box).items() if plan is None] == ["p1", "p30"]
    assert result.error is not None
    assert result.error.fault is Fault.CONFIG
    assert "mappings[0] 5 (budget 3)" in result.error.message
    assert "max_removals" in result.error.message


def test_an_exit_that_removes_many_records_counts_as_many(box: Running) -> None:
    twins = [{"LastName": "N", "Email": "a@x.example", "Plan__c": "pro"}] * 5
    box.salesforce_control.do({"create": {"object": "Contact", "records": twins}})
    by_email: dict[str, Any] = {
        **CONTACTS,
        "identity": [{"source": "email", "target": "Email"}],
        "on_multiple_matches": "all",
    }
    left = record(email="a@x.example", _ab_cdc_deleted_at="2026-01-01T00:00:00Z")
    result = sync(box, [left, state(1)], by_email, max_removals=4, max_removal_percent=0)

    assert result.acknowledged == []
    assert {row["Plan__c"] for row in box.salesforce_control.records("Contact")} == {"pro"}


def test_a_share_of_what_the_mapping_holds_may_be_removed(box: Running) -> None:
    sync(box, PEOPLE)
    exits = [gone(n) for n in range(8)]
    over = sync(box, [*exits, state(1)], max_removals=0, max_removal_percent=39)
    within = sync(box, [*exits, state(1)], max_removals=0, max_removal_percent=40)

    assert over.acknowledged == []
    assert within.acknowledged == [1]
    assert list(plans(box).values()).count(None) == 8


def test_a_stream_without_removals_held_back_goes_on_being_acknowledged(box: Running) -> None:
    sync(box, PEOPLE)
    other = record("others", cio_id="p3", name="Renamed")
    result = sync(
        box,
        [gone(1), gone(2), state(1), other, state(2, "others")],
        CONTACTS,
        SECOND,
        max_removals=1,
        max_removal_percent=0,
    )

    assert result.acknowledged == [2]
    assert contacts(box)["p3"]["LastName"] == "Renamed"


def test_an_exit_that_changes_nothing_is_not_counted(box: Running) -> None:
    result = sync(box, [gone(n) for n in range(5)], max_removals=0, max_removal_percent=0)

    assert result.error is None


def test_what_a_mapping_holds_is_counted_only_when_it_matters() -> None:
    def holdings(_place: int) -> int:
        raise AssertionError("asked for nothing")

    guard = Guard(5, 50, holdings)

    assert guard.admits(0, [exit_("a")] * 5)
    assert guard.admits(0, [])


def test_mappings_have_budgets_of_their_own() -> None:
    guard = Guard(1, 0, lambda _place: 0)

    assert guard.admits(0, [exit_("a")])
    assert guard.admits(1, [exit_("a")])
    assert not guard.admits(0, [exit_("b")])
    assert guard.covers("profiles")
    assert guard.covers(None)
    assert not guard.covers("others")
    with pytest.raises(ConnectorError):
        guard.check()
