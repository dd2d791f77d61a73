"""All kinds of mapping in one sync against the stand-in, people first and memberships after."""

from typing import Any

import pytest

from sandbox.serve import Running
from unit_tests.destination.harness import record, state, sync

LEFT = "2026-01-09T00:00:00Z"
CIO = {"source": "cio_id", "target": "CustomerIO_Id__c"}
PEOPLE: dict[str, Any] = {
    "stream": "profiles",
    "kind": "record",
    "object": "Contact",
    "identity": [CIO],
    "fields": [
        {"source": "name", "target": "LastName"},
        {"source": "email", "target": "Email", "format": "email"},
    ],
    "on_exit": {"action": "delete"},
}
FLAG = {"kind": "flag", "object": "Contact", "identity": [CIO]} | {
    "segments": [{"segment": 7, "field": "Is_VIP__c"}, {"segment": 8, "field": "Is_Lapsed__c"}]
}
SELECT = {"kind": "multi_select", "object": "Contact", "field": "Segments__c"} | {
    "identity": [CIO],
    "segments": [{"segment": 7, "value": "VIP"}, {"segment": 8, "value": "Lapsed"}],
}
CHILD = {"kind": "child_record", "object": "CustomerIO_Membership__c", "key_field": "Key__c"} | {
    "person": {"field": "Contact__c", "identity": [CIO]},
    "segment_id_field": "Segment_Id__c",
    "active_field": "Active__c",
    "exited_at_field": "Exited_At__c",
}


def campaign_of(box: Running) -> str:
    (made,) = box.salesforce_control.do(
        {"create": {"object": "Campaign", "records": [{"Name": "VIP"}]}}
    )
    return str(made[0])


def person(number: int, **data: Any) -> dict[str, Any]:
    return record(cio_id=f"p{number}", name=f"N{number}", email=f"p{number}@x.example", **data)


def member(number: int, segment: int = 7, *, left: bool = False) -> dict[str, Any]:
    gone = {"_ab_cdc_deleted_at": LEFT, "exited_at": LEFT} if left else {}
    who = {"cio_id": f"p{number}", "email": f"p{number}@x.example"}
    return record("memberships", segment_id=segment, segment_name="", **who, **gone)


def shapes(campaign: str) -> list[dict[str, Any]]:
    members = {
        "kind": "campaign_member",
        "identity": [{"source": "email", "target": "Email", "object": "Contact"}],
        "segments": [{"segment": 7, "campaign": campaign}],
    }
    return [{"stream": "memberships", **shape} for shape in (FLAG, SELECT, CHILD, members)]


def truth(box: Running) -> dict[str, Any]:
    """What Salesforce holds of each person: flags, values, rows, and number of memberships."""
    held = box.salesforce_control.records
    rows = held("CustomerIO_Membership__c")
    return {
        one["CustomerIO_Id__c"]: (
            one["Is_VIP__c"],
            one["Is_Lapsed__c"],
            one["Segments__c"],
            sorted((r["Key__c"], r["Active__c"]) for r in rows if r["Contact__c"] == one["Id"]),
            sum(m["ContactId"] == one["Id"] for m in held("CampaignMember")),
        )
        for one in held("Contact")
    }


@pytest.mark.parametrize("api", ["rest", "bulk"])
def test_memberships_take_all_four_shapes_come_and_go(box: Running, api: str) -> None:
    mappings = [PEOPLE, *shapes(campaign_of(box))]

    people, entering = [person(n) for n in (1, 2)], [member(1), member(2), member(1, 8)]
    arrival = [*people, state(1), *entering, state(2, "memberships")]
    first = sync(box, arrival, *mappings, write_api=api)
    both = truth(box)
    leaving = [member(1, left=True), member(2), state(3, "memberships")]
    second = sync(box, leaving, *mappings, write_api=api)

    assert (first.error, second.error) == (None, None)
    assert (first.counts, second.counts) == ([(2, 0), (3, 0)], [(2, 0)])
    assert both == {
        "p1": (True, True, "VIP;Lapsed", [("7:p1", True), ("8:p1", True)], 1),
        "p2": (True, False, "VIP", [("7:p2", True)], 1),
    }
    assert truth(box) == {
        "p1": (False, True, "Lapsed", [("7:p1", False), ("8:p1", True)], 0),
        "p2": (True, False, "VIP", [("7:p2", True)], 1),
    }


def test_a_member_whom_somebody_else_adds_first_is_unchanged_not_created(box: Running) -> None:
    campaign = campaign_of(box)
    *_, members = shapes(campaign)
    contact = {"LastName": "N1", "Email": "p1@x.example", "CustomerIO_Id__c": "p1"}
    made = box.salesforce_control.do({"create": {"object": "Contact", "records": [contact]}})
    added = {"CampaignId": campaign, "ContactId": made[0][0]}
    first = {"path": "/__sandbox__/org"} | {
        "body": [{"create": {"object": "CampaignMember", "records": [added]}}]
    }
    box.salesforce_control.fault({"control": first}, path="/composite$", body='"POST"')
    done = sync(box, [member(1), state(1, "memberships")], members)

    assert done.counts == [(1, 0)]
    assert "0 created" in done.logs
    assert "1 unchanged" in done.logs
    assert truth(box)["p1"][-1] == 1


def test_membership_of_nobody_is_refused_and_counted(box: Running) -> None:
    done = sync(box, [member(9), state(1, "memberships")], *shapes(campaign_of(box)))

    assert done.error is None
    assert done.counts == [(0, 1)]
    assert truth(box) == {}


def test_check_and_sync_warn_of_people_known_otherwise(box: Running) -> None:
    by_email = FLAG | {"identity": [{"source": "email", "target": "Email"}]}

    done = sync(box, [], PEOPLE, {"stream": "memberships", **by_email})

    assert "mappings[1]: knows people otherwise than mappings[0]" in done.logs
    assert "otherwise" not in sync(box, [], PEOPLE, {"stream": "memberships", **FLAG}).logs
