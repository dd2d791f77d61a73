"""A create whose answer was lost may come true for minutes; until then it is not sent again."""

import time
from typing import Any

import pytest

from destination_salesforce_intro.changes import Create
from destination_salesforce_intro.errors import Fault, Verdict
from destination_salesforce_intro.salesforce.answers import LOST, Answer
from destination_salesforce_intro.salesforce.lost_creates import WAITS_S, LostCreates
from sandbox.serve import Running
from unit_tests.destination.builders import upsert
from unit_tests.destination.harness import CONTACTS, INSTANT, person, record, state, sync
from unit_tests.destination.test_kinds_in_org import campaign_of

SALESFORCE_WORKS_S = 600  # at most, on one request
BY_PHONE = {**CONTACTS, "identity": [{"source": "phone", "target": "MobilePhone"}]}
WRITE: dict[str, Any] = {"method": "POST", "path": "/composite$", "body": '"POST"'}


def create(name: str, key_field: str | None = None) -> Create:
    return Create(upsert(name), "Contact", key_field, {"LastName": name})


def lost(row: Create) -> Answer:
    return Answer(row, Verdict.LOOK_AGAIN, refusal=LOST)


def test_it_is_looked_for_until_salesforce_must_be_done_with_it() -> None:
    ledger, row = LostCreates(), create("ann")
    assert ledger.note(lost(row))
    waits = []
    while ledger.holds(create("ann")):
        waits.append(ledger.wait_s([row]))

    assert waits == sorted(waits)
    assert sum(waits) >= SALESFORCE_WORKS_S


def test_it_is_held_anew_when_the_second_answer_is_lost_as_well() -> None:
    ledger, row = LostCreates(), create("ann")
    for _ in range(2):
        ledger.note(lost(row))
        waits = [ledger.wait_s([row]) for _ in WAITS_S]
        assert waits == list(WAITS_S)
        assert not ledger.holds(row)


def test_only_creates_without_a_key_whose_answer_was_lost_are_held() -> None:
    ledger = LostCreates()
    keyed = create("ann", "Key__c")

    assert not ledger.note(lost(keyed))
    assert not ledger.note(Answer(create("bob"), None))
    assert not any(map(ledger.holds, (keyed, create("bob"), create("eve"))))


def test_several_rows_of_one_person_are_one_look() -> None:
    ledger, rows = LostCreates(), [create("ann"), create("ann"), create("bob")]
    for row in rows:
        ledger.note(lost(row))

    assert [ledger.wait_s(rows) for _ in WAITS_S] == list(WAITS_S)


def test_a_create_that_commits_behind_a_broken_connection_is_not_made_twice(box: Running) -> None:
    """It was looked for at once, not found, and made again."""
    box.salesforce_control.fault({"late_s": 0.6}, **WRITE)
    world = INSTANT._replace(sleep=lambda seconds: time.sleep(min(seconds, 0.25)))
    result = sync(
        box, [person(1, phone="+12125550100"), state(1)], BY_PHONE, world=world, on_rejected="fail"
    )

    assert result.acknowledged == [1]
    assert [row["LastName"] for row in box.salesforce_control.records("Contact")] == ["N1"]
    assert box.salesforce_control.faults() == []


def test_a_create_that_never_arrived_is_made_once_all_looks_were_in_vain(box: Running) -> None:
    slept: list[float] = []
    box.salesforce_control.fault({"reset": "before"}, **WRITE)
    world = INSTANT._replace(sleep=slept.append)
    people = [person(n, phone=f"+1212555010{n}") for n in range(3)]
    result = sync(box, [*people, state(1)], BY_PHONE, world=world)

    assert result.acknowledged == [1]
    assert len(box.salesforce_control.records("Contact")) == 3
    assert slept == list(WAITS_S)


def test_answers_that_are_lost_every_time_stop_the_sync_as_transient(box: Running) -> None:
    box.salesforce_control.fault({"reset": "before"}, times=None, **WRITE)
    result = sync(box, [person(1, phone="+12125550100"), state(1)], BY_PHONE)

    assert result.error is not None
    assert result.error.fault is Fault.TRANSIENT
    assert result.acknowledged == []


@pytest.mark.parametrize("fault", [{"reset": "before"}, {"reset": "after"}, {"status": 500}])
def test_a_lost_answer_to_the_create_of_a_member_holds_nothing_up(
    box: Running, fault: dict[str, Any]
) -> None:
    """It was looked for over ten minutes, though Salesforce refuses a second member by itself."""
    slept: list[float] = []
    campaign = campaign_of(box)
    sync(box, [person(1, phone="+12125550100")], BY_PHONE)
    box.salesforce_control.fault(fault, **WRITE)
    members = {
        "stream": "memberships",
        "kind": "campaign_member",
        "identity": [{"source": "phone", "target": "MobilePhone", "object": "Contact"}],
        "segments": [{"segment": 7, "campaign": campaign}],
    }
    entry = record("memberships", phone="+12125550100", segment_id=7)
    world = INSTANT._replace(sleep=slept.append)
    result = sync(box, [entry, state(1, "memberships")], members, world=world)

    assert result.counts == [(1.0, 0.0)]
    assert len(box.salesforce_control.records("CampaignMember")) == 1
    assert box.salesforce_control.faults() == []
    assert len(slept) == 1
    assert max(slept) < WAITS_S[0]


@pytest.mark.parametrize("mapping", [0, 7])
def test_people_of_other_mappings_are_not_held(mapping: int) -> None:
    ledger = LostCreates()
    ledger.note(lost(create("ann")))
    other = create("ann")._replace(change=upsert("ann", mapping=mapping))

    assert ledger.holds(other) is (mapping == 0)
