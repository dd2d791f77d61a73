"""Kinds flag and multi_select: a membership is a value in a field of the person."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Change, Exit, Received, Refused, Upsert
from destination_salesforce_intro.kinds import Kind, build
from unit_tests.destination.builders import ADAPTER, CONTACT_FIELDS, field, read_only, schema
from unit_tests.destination.small_org import SmallOrg

LEFT = "2026-01-09T00:00:00Z"
IDENTITY = [
    {"source": "cio_id", "target": "CustomerIO_Id__c"},
    {"source": "email", "target": "Email"},
]
SHAPES: dict[str, dict[str, Any]] = {
    "flag": {"segments": [{"segment": "VIP", "field": "is_vip__c"}]},
    "multi_select": {
        "field": "segments__c",
        "segments": [{"segment": 7, "value": "VIP"}, {"segment": "8", "value": "Lapsed"}],
    },
}

SCHEMAS = {"Contact": schema(fields=[*CONTACT_FIELDS, field("Is_Lapsed__c", "boolean")])}


def kind(shape: str, **settings: Any) -> Kind:
    raw = {"stream": "m", "kind": shape, "object": "Contact", "identity": IDENTITY}
    return build(0, ADAPTER.validate_python(raw | SHAPES[shape] | settings), SCHEMAS)


def member(number: int = 1, **data: Any) -> Received:
    base = {"segment_id": 7, "segment_name": "VIP", "cio_id": "a", "email": "a@x.example"}
    return Received("m", number, base | data)


def changes(of: Kind, *records: Received) -> list[Change]:
    made = of.changes(records)
    assert not any(isinstance(change, Refused) for change in made)
    return [change for change in made if not isinstance(change, Refused)]


def contact(**fields: Any) -> dict[str, Any]:
    return {"Id": "003A", "CustomerIO_Id__c": "a", "Email": "a@x.example", **fields}


both = pytest.mark.parametrize("shape", ["flag", "multi_select"])


@both
def test_record_of_another_segment_is_of_no_concern(shape: str) -> None:
    assert kind(shape).changes([member(segment_id=99, segment_name="vip")]) == []
    assert kind(shape).changes([Received("m", 1, {"cio_id": "a"})]) == []


@pytest.mark.parametrize("named", [{"segment_id": "7", "segment_name": None}, {"segment_id": 7.0}])
def test_segment_is_known_by_id_or_exact_name(named: dict[str, Any]) -> None:
    assert len(kind("multi_select").changes([member(**named)])) == 1


@both
def test_record_without_key_is_refused(shape: str) -> None:
    (refused,) = kind(shape).changes([member(cio_id=None, email=None)])

    assert isinstance(refused, Refused)
    assert refused.rejection.code == "MISSING_KEY"


def test_flag_is_raised_for_a_member_and_lowered_for_one_who_left() -> None:
    flags, org = kind("flag"), SmallOrg(Contact=[contact(Is_VIP__c=False)])

    assert org.write(flags, changes(flags, member())) == ["Update"]
    assert org.held["Contact"][0]["Is_VIP__c"] is True
    assert org.write(flags, changes(flags, member())) == ["unchanged"]
    assert org.write(flags, changes(flags, member(_ab_cdc_deleted_at=LEFT))) == ["Update"]
    assert org.held["Contact"][0] == contact(Is_VIP__c=False)


def test_value_is_put_in_and_taken_out_and_all_others_stay() -> None:
    select, org = kind("multi_select"), SmallOrg(Contact=[contact(Segments__c="Other;Lapsed")])

    assert org.write(select, changes(select, member())) == ["Update"]
    assert org.held["Contact"][0]["Segments__c"] == "Other;Lapsed;VIP"
    assert org.write(select, changes(select, member())) == ["unchanged"]
    assert org.write(select, changes(select, member(_ab_cdc_deleted_at=LEFT))) == ["Update"]
    assert org.held["Contact"][0]["Segments__c"] == "Other;Lapsed"


def test_last_value_taken_out_leaves_the_field_empty() -> None:
    select, org = kind("multi_select"), SmallOrg(Contact=[contact(Segments__c="VIP")])

    org.write(select, changes(select, member(_ab_cdc_deleted_at=LEFT)))

    assert org.held["Contact"][0]["Segments__c"] is None


VALUES = st.lists(st.sampled_from(["Other", "VIP", "Lapsed", "x"]), unique=True, max_size=4)


@given(
    held=VALUES, segments=st.lists(st.tuples(st.sampled_from([7, 8]), st.booleans()), max_size=4)
)
def test_multi_select_is_a_set_to_which_each_membership_is_applied(
    held: list[str], segments: list[tuple[int, bool]]
) -> None:
    """Several segments of one person in one flush included."""
    select, org = kind("multi_select"), SmallOrg(Contact=[contact(Segments__c=";".join(held))])
    expected = set(held)
    for segment, gone in segments:
        name = {7: "VIP", 8: "Lapsed"}[segment]
        expected = expected - {name} if gone else expected | {name}
    records = [
        member(n, segment_id=segment, segment_name="", _ab_cdc_deleted_at=LEFT if gone else None)
        for n, (segment, gone) in enumerate(segments)
    ]

    org.write(select, changes(select, *records))

    assert set(filter(None, (org.held["Contact"][0]["Segments__c"] or "").split(";"))) == expected


@both
def test_exit_counts_as_a_removal(shape: str) -> None:
    (gone,) = changes(kind(shape), member(_ab_cdc_deleted_at=LEFT))
    (here,) = changes(kind(shape), member())

    assert isinstance(gone, Exit)
    assert isinstance(here, Upsert)


@both
def test_person_who_is_not_there_yet_is_unmatched_and_ends_by_policy(shape: str) -> None:
    org = SmallOrg()

    assert org.write(kind(shape), changes(kind(shape), member())) == ["unmatched rejected"]
    lenient = kind(shape, on_no_match="ignore")
    assert org.write(lenient, changes(lenient, member())) == ["unmatched ignored"]
    gone = changes(kind(shape), member(_ab_cdc_deleted_at=LEFT))
    assert org.write(kind(shape), gone) == ["not_found"]


@both
def test_several_people_are_settled_by_policy(shape: str) -> None:
    twins = [contact(Id=f"003{n}", CustomerIO_Id__c=None) for n in "AB"]
    org = SmallOrg(Contact=twins)

    assert org.write(kind(shape), changes(kind(shape), member())) == ["rejected"]
    every = kind(shape, on_multiple_matches="all")
    assert org.write(every, changes(every, member())) == ["Update", "Update"]


@both
def test_exit_leaves_a_record_alone_that_carries_someone_elses_key(shape: str) -> None:
    held = contact(CustomerIO_Id__c="someone else", Is_VIP__c=True, Segments__c="VIP")
    org = SmallOrg(Contact=[held])

    gone = changes(kind(shape), member(_ab_cdc_deleted_at=LEFT))

    assert org.write(kind(shape), gone) == ["not_found"]
    assert org.held["Contact"] == [held]


@both
def test_converted_lead_is_refused_and_its_exit_is_done(shape: str) -> None:
    lead = schema("Lead", [*CONTACT_FIELDS, read_only("IsConverted", "boolean")])
    raw = {"stream": "m", "kind": shape, "object": "Lead", "identity": IDENTITY} | SHAPES[shape]
    leads = build(0, ADAPTER.validate_python(raw), {"Lead": lead})
    org = SmallOrg(Lead=[contact(IsConverted=True)])

    assert org.write(leads, changes(leads, member())) == ["rejected"]
    assert org.write(leads, changes(leads, member(_ab_cdc_deleted_at=LEFT))) == ["not_found"]


@both
def test_segments_of_one_person_are_written_at_once(shape: str) -> None:
    flags = [{"segment": 7, "field": "Is_VIP__c"}, {"segment": 8, "field": "Is_Lapsed__c"}]
    several = kind(shape, **({"segments": flags} if shape == "flag" else {}))
    org = SmallOrg(Contact=[contact()])

    entered = changes(several, member(), member(2, segment_id=8, segment_name=""))
    left: dict[str, Any] = {"_ab_cdc_deleted_at": LEFT}
    gone = changes(several, member(**left), member(2, segment_id=8, segment_name="", **left))

    assert org.write(several, entered) == ["Update"]
    assert org.write(several, gone) == ["Update"]
    assert not org.held["Contact"][0].get("Segments__c")
    assert not org.held["Contact"][0].get("Is_Lapsed__c")


def test_segment_named_twice_puts_both_values_in() -> None:
    named = [{"segment": 7, "value": "VIP"}, {"segment": "VIP", "value": "Other"}]
    select, org = kind("multi_select", segments=named), SmallOrg(Contact=[contact()])

    org.write(select, changes(select, member()))

    assert org.held["Contact"][0]["Segments__c"] == "VIP;Other"
