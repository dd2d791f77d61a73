"""Removals over budget are held back whole, and nothing that covers them is acknowledged."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Change
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


def test_a_share_is_of_what_the_mapping_held_before_the_first_removal(box: Running) -> None:
    """Deleted records are held no more, so a later count would give a smaller budget."""
    deleting = {**CONTACTS, "on_exit": {"action": "delete"}}
    sync(box, PEOPLE, deleting)
    exits = [message for n in range(8) for message in (gone(n), state(n))]

    result = sync(box, exits, deleting, max_removals=0, max_removal_percent=40)

    assert result.acknowledged == list(range(8))
    assert len(contacts(box)) == 12


def removals(*ids: str) -> list[tuple[Change, str]]:
    return [(exit_(id_), id_) for id_ in ids]


def test_what_a_mapping_holds_is_counted_once_and_only_for_a_share() -> None:
    asked: list[int] = []

    def holdings(place: int) -> int:
        asked.append(place)
        return 10

    shared, fixed = Guard(1, 50, holdings), Guard(5, 0, holdings)

    assert shared.admits(3, [])
    assert fixed.admits(3, removals("a"))
    assert asked == []
    assert shared.admits(3, removals("a", "b"))
    assert shared.admits(3, removals("c", "d", "e"))
    assert not shared.admits(3, removals("f"))
    assert asked == [3]


def test_a_removal_that_is_tried_again_is_no_second_one() -> None:
    guard = Guard(2, 0, lambda _place: 0)

    assert guard.admits(0, removals("a", "b"))
    assert guard.admits(0, removals("b"))
    assert not guard.admits(0, removals("c"))


def test_removals_of_later_rounds_count_before_the_first() -> None:
    guard = Guard(2, 0, lambda _place: 0)

    assert not guard.admits(0, removals("a"), to_come=["b", "c"])
    assert not guard.admits(0, removals("b"))


def test_exits_that_have_to_wait_for_each_other_are_held_back_together(box: Running) -> None:
    """One of the second exit's records is the first one's, so it is written in a later round."""
    twins = [
        {"LastName": "N", "Email": f"{name}@x.example", "MobilePhone": "1", "Plan__c": "pro"}
        for name in "ab"
    ]
    box.salesforce_control.do({"create": {"object": "Contact", "records": twins}})
    loose: dict[str, Any] = {
        **CONTACTS,
        "identity": [
            {"source": "email", "target": "Email"},
            {"source": "phone", "target": "MobilePhone"},
        ],
        "on_multiple_matches": "all",
    }
    left = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}
    exits = [record(email="a@x.example", **left), record(phone="1", **left), state(1)]

    over = sync(box, exits, loose, max_removals=1, max_removal_percent=0)
    held = [row["Plan__c"] for row in box.salesforce_control.records("Contact")]
    within = sync(box, exits, loose, max_removals=2, max_removal_percent=0)

    assert over.acknowledged == []
    assert held == ["pro", "pro"]
    assert within.acknowledged == [1]


def test_mappings_have_budgets_of_their_own() -> None:
    guard = Guard(1, 0, lambda _place: 0)

    assert guard.admits(0, removals("a"))
    assert guard.admits(1, removals("a"))
    assert not guard.admits(0, removals("b"))
    assert guard.covers("profiles")
    assert guard.covers(None)
    assert not guard.covers("others")
    with pytest.raises(ConnectorError):
        guard.check()
