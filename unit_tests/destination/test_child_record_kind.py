"""Kind child_record: one row per person and segment, whatever comes and goes."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Change, Create, Received, Refused, Update
from destination_salesforce_intro.kinds import Kind, build, objects
from unit_tests.destination.builders import (
    ADAPTER,
    CONTACT,
    external_id,
    field,
    read_only,
    schema,
)
from unit_tests.destination.small_org import SmallOrg

LEFT = "2026-01-09T00:00:00.000Z"
SINCE = "2026-01-02T00:00:00.000Z"
MEMBERSHIP = schema(
    "Membership__c",
    [
        read_only("Id", "id"),
        external_id("Key__c"),
        field("Contact__c", "reference", referenceTo=["Contact"], relationshipName="Contact__r"),
        field("Segment_Id__c"),
        field("Segment__c"),
        field("Active__c", "boolean", nillable=False, defaultedOnCreate=True),
        field("Entered_At__c", "datetime"),
        field("Exited_At__c", "datetime"),
        field("Changed_At__c", "datetime"),
    ],
)
SCHEMAS = {"Contact": CONTACT, "Membership__c": MEMBERSHIP}
RAW: dict[str, Any] = {
    "stream": "m",
    "kind": "child_record",
    "object": "Membership__c",
    "key_field": "Key__c",
    "person": {
        "field": "contact__c",
        "identity": [
            {"source": "cio_id", "target": "CustomerIO_Id__c"},
            {"source": "email", "target": "Email"},
        ],
    },
    "segment_id_field": "Segment_Id__c",
    "segment_name_field": "Segment__c",
    "active_field": "Active__c",
    "entered_at_field": "Entered_At__c",
    "exited_at_field": "Exited_At__c",
}


def kind(**settings: Any) -> Kind:
    return build(0, ADAPTER.validate_python(RAW | settings), SCHEMAS)


def member(**data: Any) -> Received:
    base = {"segment_id": 7, "segment_name": "VIP", "cio_id": "A", "email": "a@x.example"}
    return Received("m", 1, base | {"entered_at": SINCE, "exited_at": None} | data)


def gone(**data: Any) -> Received:
    return member(exited_at=LEFT, _ab_cdc_deleted_at=LEFT, **data)


def changes(of: Kind, *records: Received) -> list[Change]:
    made = of.changes(records)
    return [change for change in made if not isinstance(change, Refused)]


def contact(id_: str = "003A", **fields: Any) -> dict[str, Any]:
    return {"Id": id_, "CustomerIO_Id__c": "a", "Email": "a@x.example", **fields}


def row(**fields: Any) -> dict[str, Any]:
    base = {"Id": "a00A", "Key__c": "7:A", "Contact__c": "003A", "Segment_Id__c": "7"}
    held = {"Segment__c": "VIP", "Active__c": True, "Entered_At__c": SINCE, "Exited_At__c": None}
    return base | held | fields


def test_member_gets_a_row_that_points_to_the_person() -> None:
    (made,) = SmallOrg(Contact=[contact()]).decide(kind(), changes(kind(), member())).rows

    assert isinstance(made, Create)
    assert made.key_field == "Key__c"
    expected = row()
    del expected["Id"], expected["Exited_At__c"]
    assert made.fields == expected


def test_row_that_says_so_already_is_left_alone_and_its_person_not_looked_up() -> None:
    org = SmallOrg(Membership__c=[row()])

    assert org.write(kind(), changes(kind(), member())) == ["unchanged"]


def test_exit_ends_the_row_and_return_reopens_it() -> None:
    org = SmallOrg(Contact=[contact()], Membership__c=[row()])

    assert org.write(kind(), changes(kind(), gone())) == ["Update"]
    assert org.held["Membership__c"] == [row(Active__c=False, Exited_At__c=LEFT)]
    again = "2026-02-01T00:00:00.000Z"
    assert org.write(kind(), changes(kind(), member(entered_at=again))) == ["Update"]
    assert org.held["Membership__c"] == [row(Entered_At__c=again)]


def test_exit_without_a_time_of_its_own_takes_that_of_the_deletion() -> None:
    org = SmallOrg(Membership__c=[row()])

    org.write(kind(), changes(kind(), member(_ab_cdc_deleted_at=LEFT)))

    assert org.held["Membership__c"][0]["Exited_At__c"] == LEFT


def test_unknown_time_of_entry_leaves_what_is_there() -> None:
    org = SmallOrg(Membership__c=[row()])

    assert org.write(kind(), changes(kind(), member(entered_at=None))) == ["unchanged"]


def test_exit_can_delete_the_row() -> None:
    deleting = kind(on_exit={"action": "delete"})
    org = SmallOrg(Membership__c=[row(), row(Id="a00B", Key__c="8:A")])

    assert org.write(deleting, changes(deleting, gone())) == ["Delete"]
    assert [one["Key__c"] for one in org.held["Membership__c"]] == ["8:A"]
    assert org.write(deleting, changes(deleting, gone())) == ["not_found"]


def test_exit_needs_no_person() -> None:
    assert SmallOrg().write(kind(), changes(kind(), gone())) == ["not_found"]
    assert len(changes(kind(), gone(email=None))) == 1


def test_person_who_is_not_there_yet_is_unmatched() -> None:
    assert SmallOrg().write(kind(), changes(kind(), member())) == ["unmatched rejected"]


def test_row_that_lost_its_person_gets_it_back() -> None:
    org = SmallOrg(Contact=[contact()], Membership__c=[row(Contact__c=None)])
    (made,) = org.decide(kind(), changes(kind(), member())).rows

    assert isinstance(made, Update)
    assert made.fields == {"Contact__c": "003A"}


@pytest.mark.parametrize("policy", ["reject", "all"])
def test_row_points_to_exactly_one_person(policy: str) -> None:
    twins = [contact(f"003{n}", CustomerIO_Id__c=None) for n in "AB"]
    strict = kind(on_multiple_matches=policy)

    assert SmallOrg(Contact=twins).write(strict, changes(strict, member())) == ["rejected"]
    oldest, org = kind(on_multiple_matches="oldest"), SmallOrg(Contact=twins)
    assert org.write(oldest, changes(oldest, member())) == ["Create"]
    assert org.held["Membership__c"][0]["Contact__c"] == "003A"


def test_segments_of_one_person_are_rows_of_their_own_in_one_round() -> None:
    org = SmallOrg(Contact=[contact()])
    decision = org.decide(kind(), changes(kind(), member(), member(segment_id=8)))

    keys = [made.fields["Key__c"] for made in decision.rows if isinstance(made, Create)]
    assert keys == ["7:A", "8:A"]
    assert decision.later == []


def test_segments_that_are_not_listed_are_of_no_concern() -> None:
    some = kind(segments=["VIP"])

    assert len(some.changes([member()])) == 1
    assert some.changes([member(segment_name="Other")]) == []
    assert len(kind().changes([member(segment_name="Other")])) == 1


def test_newer_change_in_salesforce_is_not_undone() -> None:
    guarded = kind(changed_at_field="Changed_At__c")
    org = SmallOrg(Membership__c=[row(Changed_At__c="2026-03-01T00:00:00.000+0000")])

    late = changes(guarded, gone(changed_at="2026-02-01T00:00:00Z"))

    assert org.write(guarded, late) == ["unchanged"]
    newer = changes(guarded, gone(changed_at="2026-04-01T00:00:00Z"))
    assert org.write(guarded, newer) == ["Update"]
    assert org.held["Membership__c"][0]["Changed_At__c"] == "2026-04-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "data", [{"cio_id": None}, {"segment_id": None}, {"cio_id": "x" * 200}, {"entered_at": "soon"}]
)
def test_record_that_makes_no_row_is_refused(data: dict[str, Any]) -> None:
    (refused,) = kind().changes([member(**data)])

    assert isinstance(refused, Refused)


def test_person_without_any_key_is_refused() -> None:
    keyless = kind(person={"field": "Contact__c", "identity": [RAW["person"]["identity"][1]]})
    (refused,) = keyless.changes([member(email=None)])

    assert isinstance(refused, Refused)


def test_fields_nobody_named_are_not_written() -> None:
    optional = ("segment_id", "segment_name", "active", "entered_at", "exited_at")
    bare = kind(**dict.fromkeys([f"{name}_field" for name in optional]))
    (made,) = SmallOrg(Contact=[contact()]).decide(bare, changes(bare, member())).rows

    assert isinstance(made, Create)
    assert made.fields == {"Key__c": "7:A", "Contact__c": "003A"}


def test_objects_grow_with_the_schema_of_the_row() -> None:
    mapping = ADAPTER.validate_python(RAW)

    assert objects(mapping, {}) == {"Membership__c"}
    assert objects(mapping, {"Membership__c": MEMBERSHIP}) == {"Membership__c", "Contact"}
