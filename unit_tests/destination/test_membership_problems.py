"""Membership mappings that cannot work with the org are told so before the first write."""

from typing import Any

import pytest

from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems import Problem, between, find
from unit_tests.destination.builders import (
    ADAPTER,
    CONTACT,
    CONTACT_FIELDS,
    field,
    read_only,
    record_mapping,
    schema,
)
from unit_tests.destination.test_campaign_member_kind import CART, LEAD, MEMBER
from unit_tests.destination.test_child_record_kind import MEMBERSHIP, RAW

IDENTITY = [{"source": "cio_id", "target": "CustomerIO_Id__c"}]
SCHEMAS = {"Contact": CONTACT, "Lead": LEAD, "CampaignMember": MEMBER, "Membership__c": MEMBERSHIP}
SHAPES: dict[str, dict[str, Any]] = {
    "flag": {"object": "Contact", "segments": [{"segment": 7, "field": "Is_VIP__c"}]},
    "multi_select": {
        "object": "Contact",
        "field": "Segments__c",
        "segments": [{"segment": 7, "value": "VIP"}],
    },
    "campaign_member": {"segments": [{"segment": 7, "campaign": CART}]},
    "child_record": {key: value for key, value in RAW.items() if key not in {"stream", "kind"}},
}


def problems(
    shape: str, settings: dict[str, Any] | None = None, **schemas: ObjectSchema
) -> list[Problem]:
    raw: dict[str, Any] = {"stream": "m", "kind": shape, "identity": IDENTITY} | SHAPES[shape]
    if shape == "campaign_member":
        raw["identity"] = [IDENTITY[0] | {"object": "Contact"}]
    if shape == "child_record":
        raw.pop("identity")
        raw["person"] = {"field": "Contact__c", "identity": IDENTITY}
    return find(ADAPTER.validate_python(raw | (settings or {})), SCHEMAS | schemas)


def fatal(shape: str, settings: dict[str, Any] | None = None, **schemas: ObjectSchema) -> str:
    return " ".join(p.text for p in problems(shape, settings, **schemas) if p.is_fatal)


@pytest.mark.parametrize("shape", SHAPES)
def test_mapping_that_fits_has_no_problem(shape: str) -> None:
    assert problems(shape) == []


@pytest.mark.parametrize(
    ("shape", "settings", "words"),
    [
        ("flag", {"segments": [{"segment": 7, "field": "LTV__c"}]}, "must be a checkbox"),
        ("flag", {"segments": [{"segment": 7, "field": "Is_Vip"}]}, "did you mean Is_VIP__c?"),
        ("flag", {"identity": [{"source": "v", "target": "Nope__c"}]}, "no field Nope__c"),
        ("multi_select", {"field": "Tier__c"}, "must be a multi-select picklist"),
        ("multi_select", {"field": "Nope__c"}, "no field Nope__c"),
        (
            "campaign_member",
            {"identity": [{"source": "v", "target": "Nope__c", "object": "Lead"}]},
            "Lead has no field Nope__c",
        ),
        (
            "campaign_member",
            {"on_exit": {"action": "set", "values": {"Nope__c": 1}}},
            "CampaignMember has no field Nope__c",
        ),
        ("child_record", {"key_field": "Segment__c"}, "is not an External ID"),
        ("child_record", {"key_field": "Nope__c"}, "no field Nope__c"),
        ("child_record", {"active_field": "Segment__c"}, "must be a checkbox"),
        ("child_record", {"entered_at_field": "Nope__c"}, "no field Nope__c"),
        ("child_record", {"changed_at_field": "Segment__c"}, "no datetime"),
        (
            "child_record",
            {"person": {"field": "Segment__c", "identity": IDENTITY}},
            "Segment__c is no lookup",
        ),
        (
            "child_record",
            {"person": {"field": "Nope__c", "identity": IDENTITY}},
            "no field Nope__c",
        ),
        (
            "child_record",
            {"person": {"field": "Contact__c", "identity": [{"source": "v", "target": "X__c"}]}},
            "Contact has no field X__c",
        ),
    ],
)
def test_setting_that_does_not_fit_is_named(
    shape: str, settings: dict[str, Any], words: str
) -> None:
    assert words in fatal(shape, settings)


def test_value_outside_a_restricted_picklist_is_named() -> None:
    picky = field("Segments__c", "multipicklist", restrictedPicklist=True, picklistValues=[])
    picky["picklistValues"] = [{"value": "Other"}]
    org = schema(fields=[*(f for f in CONTACT_RAW if f["name"] != "Segments__c"), picky])

    assert "restricted picklist" in fatal("multi_select", Contact=org)


CONTACT_RAW = [
    read_only("Id", "id"),
    field("CustomerIO_Id__c", unique=True, externalId=True),
    field("Segments__c", "multipicklist"),
]


@pytest.mark.parametrize(
    ("settings", "accesses"),
    [
        ({}, {"read", "create", "delete"}),
        ({"on_exit": {"action": "ignore"}}, {"read", "create"}),
        ({"on_exit": {"action": "ignore"}, "status": "Sent"}, {"read", "create", "edit"}),
        ({"on_exit": {"action": "set", "values": {"Status": "x"}}}, {"read", "create", "edit"}),
    ],
)
def test_only_the_access_that_is_needed_is_asked_for(
    settings: dict[str, Any], accesses: set[str]
) -> None:
    flags = dict.fromkeys(["createable", "updateable", "deletable", "queryable"], False)
    status = field("Status", "picklist")
    told = fatal("campaign_member", settings, CampaignMember=schema("M", [status], **flags))

    asked = {word for word in ("read", "create", "edit", "delete") if f"may not {word}" in told}
    assert asked == accesses


def test_master_detail_field_is_written_once_and_that_is_enough() -> None:
    raw = [
        read_only("Id", "id"),
        field("Key__c", externalId=True, unique=True),
        field("Contact__c", "reference", referenceTo=["Contact"], updateable=False),
    ]
    bare = {"key_field": "Key__c"} | dict.fromkeys(
        [f"{n}_field" for n in ("segment_id", "segment_name", "active", "entered_at", "exited_at")]
    )

    assert fatal("child_record", bare, Membership__c=schema("Membership__c", raw)) == ""


def test_multi_select_needs_to_see_the_last_edit() -> None:
    hidden = [each for each in CONTACT_FIELDS if each["name"] != "LastModifiedDate"]

    assert "no field LastModifiedDate" in fatal("multi_select", Contact=schema(fields=hidden))
    assert fatal("flag", Contact=schema(fields=hidden)) == ""


CIO_ID, EMAIL = IDENTITY[0], {"source": "email", "target": "Email"}


def people(*rules: dict[str, Any], **settings: Any) -> Mapping:
    return record_mapping(identity=list(rules), **settings)


def shaped(shape: str, *rules: dict[str, Any]) -> Mapping:
    raw: dict[str, Any] = {"stream": "m", "kind": shape, **SHAPES[shape]}
    if shape == "campaign_member":
        raw["identity"] = [rule | {"object": "Contact"} for rule in rules]
    elif shape == "child_record":
        raw["person"] = {"field": "Contact__c", "identity": rules}
    else:
        raw["identity"] = rules
    return ADAPTER.validate_python(raw)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ([CIO_ID, EMAIL], False),
        ([CIO_ID], False),
        ([EMAIL], True),
        ([EMAIL, CIO_ID], True),
        ([CIO_ID, EMAIL | {"format": "lower"}], True),
        ([CIO_ID, EMAIL, {"source": "phone", "target": "MobilePhone"}], True),
    ],
)
def test_people_known_otherwise_than_they_are_made_are_warned_of(
    shape: str, rules: list[dict[str, Any]], *, warned: bool
) -> None:
    mappings = [shaped(shape, *rules), people(CIO_ID, EMAIL)]

    found = list(between(mappings, SCHEMAS))

    assert [place for place, _ in found] == ([0] if warned else [])
    assert not any(problem.is_fatal for _, problem in found)
    assert all("otherwise than mappings[1]" in problem.text for _, problem in found)


def test_who_makes_no_people_of_that_kind_is_not_compared_with() -> None:
    flags = shaped("flag", EMAIL)

    assert list(between([flags, people(CIO_ID, operation="update")], SCHEMAS)) == []
    assert list(between([flags, people(CIO_ID, object="Lead")], SCHEMAS)) == []
    assert list(between([flags, people(CIO_ID), people(EMAIL)], SCHEMAS)) == []
