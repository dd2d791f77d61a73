"""Records that somebody merged in Salesforce are followed; the duplicate does not come back."""

from typing import Any

from sandbox.serve import Running
from unit_tests.destination.harness import CONTACTS, gone, person, record, state, sync

BY_ID_AND_EMAIL = {
    **CONTACTS,
    "identity": [*CONTACTS["identity"], {"source": "email", "target": "Email"}],
}


def held(box: Running) -> list[dict[str, Any]]:
    return box.salesforce_control.records("Contact")


def merge(box: Running, loser: str, winner: str) -> None:
    ids = {one["CustomerIO_Id__c"]: one["Id"] for one in held(box)}
    operation = {"object": "Contact", "winner": ids[winner], "losers": [ids[loser]]}
    box.salesforce_control.do({"merge": operation})


def forget_key(box: Running, key: str) -> None:
    (one,) = [one for one in held(box) if one["CustomerIO_Id__c"] == key]
    cleared = {"Id": one["Id"], "CustomerIO_Id__c": None}
    box.salesforce_control.do({"update": {"object": "Contact", "records": [cleared]}})


def test_loser_of_a_merge_is_refused_while_the_source_has_two_people(box: Running) -> None:
    sync(box, [person(1), person(2), state(1)])
    merge(box, loser="p1", winner="p2")

    done = sync(box, [person(1, plan="pro"), person(2, plan="basic"), state(2)])

    assert done.counts == [(1, 1)]
    assert "MERGED_RECORD" in done.logs
    assert [(one["CustomerIO_Id__c"], one["Plan__c"]) for one in held(box)] == [("p2", "basic")]


def test_loser_whose_winner_is_nobody_elses_becomes_the_winner(box: Running) -> None:
    sync(box, [person(1), person(2), state(1)])
    merge(box, loser="p1", winner="p2")
    forget_key(box, "p2")

    done = sync(box, [person(1, plan="pro"), state(2)])

    assert done.counts == [(1, 0)]
    assert [(one["CustomerIO_Id__c"], one["Plan__c"]) for one in held(box)] == [("p1", "pro")]


def test_exit_of_a_loser_leaves_the_winner_alone(box: Running) -> None:
    sync(box, [person(1), person(2, plan="pro"), state(1)])
    merge(box, loser="p1", winner="p2")

    done = sync(box, [gone(1), state(2)])

    assert done.counts == [(1, 0)]
    assert [one["Plan__c"] for one in held(box)] == ["pro"]


def test_later_rule_finds_the_winner_before_the_bin_is_searched(box: Running) -> None:
    people = [record(cio_id=f"p{n}", name="N", email=f"p{n}@x.example") for n in (1, 2)]
    sync(box, [*people, state(1)], BY_ID_AND_EMAIL)
    merge(box, loser="p1", winner="p2")

    moved = record(cio_id="p1", name="N", email="p2@x.example", plan="pro")
    done = sync(box, [moved, state(2)], BY_ID_AND_EMAIL)

    assert done.counts == [(1, 0)]
    assert [(one["CustomerIO_Id__c"], one["Plan__c"]) for one in held(box)] == [("p1", "pro")]


def test_deleted_record_that_was_not_merged_is_created_afresh(box: Running) -> None:
    sync(box, [person(1), state(1)])
    ids = [one["Id"] for one in held(box)]
    box.salesforce_control.do({"delete": {"object": "Contact", "ids": ids}})

    done = sync(box, [person(1), state(2)])

    assert done.counts == [(1, 0)]
    assert [one["CustomerIO_Id__c"] for one in held(box)] == ["p1"]
    assert held(box)[0]["Id"] not in ids
