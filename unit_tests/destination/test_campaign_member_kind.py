"""Kind campaign_member: members are added, kept and removed, each in its own campaign."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Change, Create, Received, Refused
from destination_salesforce_intro.kinds import Kind, build, objects
from destination_salesforce_intro.org.schema import ObjectSchema
from unit_tests.destination.builders import (
    ADAPTER,
    CONTACT,
    CONTACT_FIELDS,
    field,
    read_only,
    schema,
)
from unit_tests.destination.small_org import SmallOrg

LEFT = "2026-01-09T00:00:00Z"
CART, WINBACK = "701000000000001AAA", "701000000000002AAA"
CONVERSION = [read_only("IsConverted", "boolean"), read_only("ConvertedContactId", "reference")]
LEAD = schema("Lead", [*CONTACT_FIELDS, *CONVERSION])
MEMBER = schema(
    "CampaignMember",
    [
        read_only("Id", "id"),
        *(field(n, "reference", updateable=False) for n in ("CampaignId", "ContactId", "LeadId")),
        field("Status", "picklist"),
        field("Note__c"),
    ],
)
SCHEMAS: dict[str, ObjectSchema] = {"Contact": CONTACT, "Lead": LEAD, "CampaignMember": MEMBER}
CONTACT_RULE = {"source": "email", "target": "Email", "object": "Contact"}
LEAD_RULE = {"source": "email", "target": "Email", "object": "Lead"}
CIO_RULE = {"source": "cio_id", "target": "CustomerIO_Id__c", "object": "Contact"}


def kind(**settings: Any) -> Kind:
    raw = {
        "stream": "m",
        "kind": "campaign_member",
        "identity": [CONTACT_RULE, LEAD_RULE],
        "segments": [{"segment": 7, "campaign": CART[:15]}, {"segment": 8, "campaign": WINBACK}],
        **settings,
    }
    return build(0, ADAPTER.validate_python(raw), SCHEMAS)


def changes(of: Kind, *records: dict[str, Any]) -> list[Change]:
    base = {"segment_id": 7, "segment_name": "Cart", "cio_id": "a", "email": "a@x.example"}
    made = of.changes([Received("m", n, base | record) for n, record in enumerate(records)])
    return [change for change in made if not isinstance(change, Refused)]


def contact(id_: str = "003A", **fields: Any) -> dict[str, Any]:
    return {"Id": id_, "Email": "a@x.example", **fields}


def membership(id_: str, campaign: str = CART, **fields: Any) -> dict[str, Any]:
    person = {"ContactId": "003A", "LeadId": None} | fields
    return {"Id": id_, "CampaignId": campaign, "Status": "Sent", **person}


def members(org: SmallOrg) -> list[tuple[Any, ...]]:
    names = ("CampaignId", "ContactId", "LeadId")
    return [tuple(one.get(name) for name in names) for one in org.held["CampaignMember"]]


def test_contact_is_preferred_to_lead_and_joins_its_campaign() -> None:
    org = SmallOrg(Contact=[contact()], Lead=[contact("00QA")])
    (row,) = org.decide(kind(), changes(kind(), {})).rows

    assert isinstance(row, Create)
    assert row.key_field is None
    assert row.fields == {"CampaignId": CART, "ContactId": "003A"}


def test_lead_joins_where_there_is_no_contact() -> None:
    org = SmallOrg(Lead=[contact("00QA")])

    assert org.write(kind(status="Sent"), changes(kind(status="Sent"), {})) == ["Create"]
    assert members(org) == [(CART, None, "00QA")]
    assert org.held["CampaignMember"][0]["Status"] == "Sent"


def test_member_already_there_is_left_alone_unless_the_status_differs() -> None:
    org = SmallOrg(Contact=[contact()], CampaignMember=[membership("00vA")])

    assert org.write(kind(), changes(kind(), {})) == ["unchanged"]
    responded = kind(status="Responded")
    assert org.write(responded, changes(responded, {})) == ["Update"]
    assert org.held["CampaignMember"] == [membership("00vA") | {"Status": "Responded"}]


def test_same_member_twice_in_a_flush_joins_once() -> None:
    """A peer sends both and has the second refused."""
    org = SmallOrg(Contact=[contact()])
    twice = changes(kind(), {"cio_id": "a"}, {"cio_id": "b", "email": "A@x.example"})

    assert org.write(kind(), twice) == ["Create", "unchanged"]


def test_one_person_joins_several_campaigns_in_one_round() -> None:
    org = SmallOrg(Contact=[contact()])
    decision = org.decide(kind(), changes(kind(), {}, {"segment_id": 8}))

    assert len(decision.rows) == 2
    assert decision.later == []


def test_exit_removes_the_member_of_its_own_campaign_only() -> None:
    """A peer's look-up was not scoped, and removed the member of another campaign."""
    both = [membership("00vA"), membership("00vB", WINBACK)]
    org = SmallOrg(Contact=[contact()], CampaignMember=both)
    gone = {"_ab_cdc_deleted_at": LEFT}

    assert org.write(kind(), changes(kind(), gone)) == ["Delete"]
    assert org.held["CampaignMember"] == both[1:]
    assert org.write(kind(), changes(kind(), gone)) == ["not_found"]
    assert org.write(kind(), changes(kind(), gone | {"email": "b@x.example"})) == ["not_found"]


@pytest.mark.parametrize(
    ("on_exit", "done", "status"),
    [
        ({"action": "set", "values": {"status": "Removed"}}, "Update", "Removed"),
        ({"action": "ignore"}, "ignored", "Sent"),
    ],
)
def test_exit_can_keep_the_member(on_exit: dict[str, Any], done: str, status: str) -> None:
    org = SmallOrg(Contact=[contact()], CampaignMember=[membership("00vA")])
    keeping = kind(on_exit=on_exit)

    assert org.write(keeping, changes(keeping, {"_ab_cdc_deleted_at": LEFT})) == [done]
    assert org.held["CampaignMember"][0]["Status"] == status


def test_converted_lead_is_followed_to_its_contact() -> None:
    """A peer tried to add the converted lead, which Salesforce refuses."""
    converted = contact("00QA", IsConverted=True, ConvertedContactId="003C")
    org = SmallOrg(Lead=[converted])

    assert org.write(kind(), changes(kind(), {})) == ["Create"]
    assert members(org) == [(CART, "003C", None)]
    org.held["CampaignMember"][0]["LeadId"] = "00QA"
    assert org.write(kind(), changes(kind(), {})) == ["unchanged"]
    assert org.write(kind(), changes(kind(), {"_ab_cdc_deleted_at": LEFT})) == ["Delete"]


def test_two_leads_that_became_one_contact_are_one_person() -> None:
    leads = [contact(f"00Q{n}", IsConverted=True, ConvertedContactId="003C") for n in "AB"]

    assert SmallOrg(Lead=leads).write(kind(), changes(kind(), {})) == ["Create"]


def test_nobody_is_unmatched_and_several_are_settled_by_policy() -> None:
    twins = [contact("003A"), contact("003B")]

    assert SmallOrg().write(kind(), changes(kind(), {})) == ["unmatched rejected"]
    assert SmallOrg(Contact=twins).write(kind(), changes(kind(), {})) == ["rejected"]
    newest, org = kind(on_multiple_matches="newest"), SmallOrg(Contact=twins)
    assert org.write(newest, changes(newest, {})) == ["Create"]
    assert members(org) == [(CART, "003B", None)]


def test_exit_leaves_the_membership_of_someone_else_alone() -> None:
    org = SmallOrg(
        Contact=[contact(CustomerIO_Id__c="someone else")], CampaignMember=[membership("00vA")]
    )
    careful = kind(identity=[CIO_RULE, CONTACT_RULE])

    assert org.write(careful, changes(careful, {"_ab_cdc_deleted_at": LEFT})) == ["not_found"]


def test_record_without_email_is_refused() -> None:
    (refused,) = kind().changes([Received("m", 1, {"segment_id": 7, "cio_id": "a"})])

    assert isinstance(refused, Refused)


def test_objects_are_those_of_the_rules_and_of_the_members() -> None:
    raw = {"stream": "m", "kind": "campaign_member", "identity": [LEAD_RULE]}
    mapping = ADAPTER.validate_python(raw | {"segments": [{"segment": 7, "campaign": CART}]})

    assert objects(mapping, {}) == {"Lead", "CampaignMember"}
