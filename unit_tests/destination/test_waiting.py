"""Memberships whose person is not in Salesforce yet wait for them, and hold their STATE."""

from typing import Any

from sandbox.serve import Running
from unit_tests.destination.harness import CONTACTS, contacts, person, record, state, sync

FLAGS: dict[str, Any] = {
    "stream": "memberships",
    "kind": "flag",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "segments": [{"segment": 7, "field": "Is_VIP__c"}],
}


def member(number: int, **data: Any) -> dict[str, Any]:
    return record("memberships", segment_id=7, cio_id=f"p{number}", **data)


def left(number: int) -> dict[str, Any]:
    return member(number, _ab_cdc_deleted_at="2026-01-02T00:00:00Z")


def vips(box: Running) -> set[str]:
    return {key for key, row in contacts(box).items() if row["Is_VIP__c"]}


def test_a_membership_before_its_person_waits_and_so_does_its_state(box: Running) -> None:
    result = sync(box, [member(1), state(1, "memberships"), person(1), state(2)], CONTACTS, FLAGS)

    assert vips(box) == {"p1"}
    assert result.acknowledged == [1, 2]
    assert result.counts == [(1.0, 0.0), (1.0, 0.0)]


def test_a_person_who_never_comes_is_refused_at_the_end(box: Running) -> None:
    result = sync(box, [member(9), state(1, "memberships"), person(1), state(2)], CONTACTS, FLAGS)

    assert result.acknowledged == [1, 2]
    assert result.counts == [(0.0, 1.0), (1.0, 0.0)]
    assert "NO_MATCH" in result.logs


def test_nobody_waits_where_no_mapping_creates_people(box: Running) -> None:
    result = sync(box, [member(9), state(1, "memberships"), b"{"], FLAGS)

    assert result.counts == [(0.0, 1.0)]


def test_a_person_who_left_while_waiting_does_not_come_back(box: Running) -> None:
    result = sync(
        box,
        [member(1), state(1, "memberships"), left(1), state(2, "memberships"), person(1), state(3)],
        CONTACTS,
        FLAGS,
    )

    assert vips(box) == set()
    assert result.acknowledged == [1, 2, 3]


def test_an_undecodable_line_leaves_a_waiting_state_unacknowledged(box: Running) -> None:
    result = sync(box, [member(1), state(1, "memberships"), b"{"], CONTACTS, FLAGS)

    assert result.acknowledged == []


def test_too_many_do_not_wait(box: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr("destination_salesforce_intro.writing.writer.MAX_UNMATCHED", 2)
    messages: list[Any] = [*(member(n) for n in range(5)), state(1, "memberships"), b"{"]

    assert sync(box, messages, CONTACTS, FLAGS).counts == [(0.0, 5.0)]


def test_states_do_not_wait_without_end(box: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr("destination_salesforce_intro.writing.writer.MAX_HELD_STATES", 2)
    states = [state(n) for n in range(1, 4)]
    result = sync(box, [member(1), *states, b"{"], CONTACTS, FLAGS)

    assert result.acknowledged == [1, 2, 3]
