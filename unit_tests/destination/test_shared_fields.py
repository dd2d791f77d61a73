"""A multi-select picklist that several write at once: nobody's value is lost."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from destination_salesforce_intro.assembly import World
from destination_salesforce_intro.errors import Fault
from sandbox.serve import Running
from unit_tests.destination.harness import (
    CONTACTS,
    INSTANT,
    NOW_S,
    Synced,
    contacts,
    person,
    record,
    state,
    sync,
)

CIO = {"source": "cio_id", "target": "CustomerIO_Id__c"}
LONG_AGO = "2026-01-02T12:00:00.000+0000"
EDITED_SINCE = "If-Unmodified-Since"


def select(segment: int, value: str, **settings: Any) -> dict[str, Any]:
    return {
        "stream": "memberships",
        "kind": "multi_select",
        "object": "Contact",
        "field": "Segments__c",
        "identity": [CIO],
        "segments": [{"segment": segment, "value": value}],
        **settings,
    }


VIP, LAPSED = select(7, "VIP"), select(8, "Lapsed")


def member(number: int, segment: int = 7, *, left: bool = False) -> dict[str, Any]:
    gone = {"_ab_cdc_deleted_at": "2026-01-09T00:00:00Z"} if left else {}
    return record("memberships", segment_id=segment, cio_id=f"p{number}", **gone)


def people(box: Running, count: int, values: str | None = None) -> list[str]:
    """Make Contacts that were last edited long ago."""
    made = [
        {"CustomerIO_Id__c": f"p{n}", "LastName": "Osei", "Segments__c": values}
        for n in range(count)
    ]
    [ids] = box.salesforce_control.do({"create": {"object": "Contact", "records": made}})
    old = {"object": "Contact", "ids": ids, "values": {"LastModifiedDate": LONG_AGO}}
    box.salesforce_control.do({"write_columns": old})
    return [str(id_) for id_ in ids]


def edit(id_: str, values: str) -> dict[str, Any]:
    return {"update": {"object": "Contact", "records": [{"Id": id_, "Segments__c": values}]}}


def same_second_edit(id_: str, values: str) -> dict[str, Any]:
    """An edit in the second of the edit before: its date is the same."""
    columns = {"Segments__c": values}
    return {"write_columns": {"object": "Contact", "ids": [id_], "values": columns}}


def held(box: Running, who: str = "p0") -> set[str]:
    return set((contacts(box)[who]["Segments__c"] or "").split(";")) - {""}


def pausing(act: Callable[[], Any]) -> World:
    """A world in which something happens while the sync waits for the first time."""
    waits = iter([act])
    return World(lambda: NOW_S, lambda _s: next(waits, lambda: None)(), lambda: "run1")


def sync_member(box: Running, world: World = INSTANT, **options: Any) -> Synced:
    return sync(box, [member(0), state(1, "memberships")], VIP, world=world, **options)


@pytest.mark.parametrize("happens", [edit, same_second_edit])
def test_an_edit_after_the_look_up_is_kept(box: Running, happens: Callable[..., Any]) -> None:
    [id_] = people(box, 1, "Old")
    meanwhile = pausing(lambda: box.salesforce_control.do(happens(id_, "Old;Theirs")))

    done = sync_member(box, meanwhile)

    assert (done.error, done.counts) == (None, [(1, 0)])
    assert held(box) == {"Old", "Theirs", "VIP"}


def test_an_edit_just_before_the_write_is_kept(box: Running) -> None:
    [id_] = people(box, 1, "Old")
    change = {"path": "/__sandbox__/org", "body": [edit(id_, "Old;Theirs")]}
    box.salesforce_control.fault({"control": change}, skip=1, body=EDITED_SINCE)

    done = sync_member(box)

    assert (done.error, box.salesforce_control.faults()) == (None, [])
    assert held(box) == {"Old", "Theirs", "VIP"}


def test_an_exit_takes_its_own_value_out_of_what_is_there_by_then(box: Running) -> None:
    [id_] = people(box, 1, "VIP;Old")
    meanwhile = pausing(lambda: box.salesforce_control.do(edit(id_, "VIP;Theirs")))

    done = sync(box, [member(0, left=True)], VIP, world=meanwhile)

    assert done.error is None
    assert held(box) == {"Theirs"}


def test_two_syncs_at_once_lose_nothing_of_each_other(box: Running) -> None:
    """In real time, the Contacts edited a moment before: their second is not over yet."""
    records = [{"CustomerIO_Id__c": f"p{n}", "LastName": "Osei"} for n in range(60)]
    box.salesforce_control.do({"create": {"object": "Contact", "records": records}})
    real = World(time.time, time.sleep, lambda: "run1")

    def run(mapping: dict[str, Any], segment: int) -> Synced:
        return sync(box, [member(n, segment) for n in range(60)], mapping, world=real)

    with ThreadPoolExecutor() as pool:
        both = list(pool.map(run, (VIP, LAPSED), (7, 8)))

    assert [done.error for done in both] == [None, None]
    assert {frozenset(held(box, who)) for who in contacts(box)} == {frozenset({"VIP", "Lapsed"})}


def test_a_lost_answer_is_found_to_be_written_already(box: Running) -> None:
    people(box, 1, "Old")
    box.salesforce_control.fault({"reset": "after"}, skip=1, body=EDITED_SINCE)

    done = sync_member(box)

    assert (done.error, done.counts) == (None, [(1, 0)])
    assert held(box) == {"Old", "VIP"}
    assert box.salesforce_control.writes()["updated"] == 1


def test_a_record_that_is_edited_all_the_time_stops_the_sync(box: Running) -> None:
    [id_] = people(box, 1)
    edits = (f"Theirs{n}" for n in range(99))
    restless = World(
        lambda: NOW_S,
        lambda _s: box.salesforce_control.do(edit(id_, next(edits))),
        lambda: "run1",
    )

    done = sync_member(box, restless)

    assert done.error is not None
    assert done.error.fault is Fault.TRANSIENT
    assert done.acknowledged == []
    assert "VIP" not in held(box)


def test_a_lock_passes_and_a_record_deleted_meanwhile_ends_by_policy(box: Running) -> None:
    locked, deleted = people(box, 2)
    box.salesforce_control.do({"lock": {"object": "Contact", "ids": [locked], "times": 2}})
    gone = {"delete": {"object": "Contact", "ids": [deleted]}}
    box.salesforce_control.fault(
        {"control": {"path": "/__sandbox__/org", "body": [gone]}}, skip=1, body=EDITED_SINCE
    )

    done = sync(box, [member(0), member(1), state(1, "memberships")], VIP)

    assert (done.error, done.counts) == (None, [(1, 1)])
    assert "NO_MATCH" in done.logs
    assert held(box) == {"VIP"}


@pytest.mark.parametrize("write_api", ["auto", "rest", "bulk"])
def test_it_costs_a_call_for_25_people_whatever_the_api(box: Running, write_api: str) -> None:
    people(box, 60)
    box.salesforce_control.reset_requests()

    done = sync(box, [member(n) for n in range(60)], VIP, write_api=write_api)

    assert done.error is None
    counts = box.salesforce_control.requests()["counts"]
    # Two looks, one try whether conditions are heeded, then 60 people by 25.
    assert counts["POST /services/data/v{version}/composite"] == 2 + 1 + 3
    assert {frozenset(held(box, who)) for who in contacts(box)} == {frozenset({"VIP"})}


def test_a_refused_value_is_refused_for_its_person_only(box: Running) -> None:
    people(box, 2)
    rule = {"object": "Contact", "field": "CustomerIO_Id__c", "pattern": "p0"}
    box.salesforce_control.do({"trigger": rule})

    done = sync(box, [member(0), member(1), state(1, "memberships")], VIP)

    assert done.error is None
    assert [held(box, who) for who in ("p0", "p1")] == [set(), {"VIP"}]


def test_a_salesforce_that_heeds_no_condition_is_not_written_to(box: Running) -> None:
    people(box, 30)
    written = {"httpStatusCode": 204, "body": None, "referenceId": "part0"}
    answer = {"status": 200, "body": {"compositeResponse": [written]}}
    box.salesforce_control.fault(answer, body="1970")

    done = sync(box, [member(n) for n in range(30)], VIP)

    assert done.error is not None
    assert done.error.fault is Fault.CONFIG
    assert "a condition that cannot hold" in done.error.message
    assert not any(held(box, who) for who in contacts(box))


@pytest.mark.parametrize(("leaves", "expected"), [(False, {"VIP", "Lapsed"}), (True, {"Lapsed"})])
def test_two_segments_written_as_one_wait_as_two_for_a_person_who_is_made_anew(
    box: Running, *, leaves: bool, expected: set[str]
) -> None:
    [id_] = people(box, 1)
    segments = [*VIP["segments"], *LAPSED["segments"]]
    both = select(7, "VIP", segments=segments)
    deleted = {"delete": {"object": "Contact", "ids": [id_]}}
    meanwhile = pausing(lambda: box.salesforce_control.do(deleted))
    left = [member(0, 7, left=True)] if leaves else []
    messages = [
        *(member(0, 7), member(0, 8), state(1, "memberships")),
        *(*left, state(2, "memberships"), person(0), state(3)),
    ]

    done = sync(box, messages, CONTACTS, both, world=meanwhile)

    assert held(box) == expected
    assert done.acknowledged == [1, 2, 3]
