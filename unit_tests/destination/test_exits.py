"""What counts as an exit, for every kind of mapping; and that an exit told twice is one exit."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Change, Exit, Received, Refused, Upsert
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.kinds import Kind, build
from sandbox.serve import Running
from unit_tests.destination.builders import ADAPTER, record_mapping
from unit_tests.destination.harness import CONTACTS, record, settings, sync
from unit_tests.destination.small_org import SmallOrg
from unit_tests.destination.test_membership_problems import IDENTITY, SCHEMAS, SHAPES

WHO = {"segment_id": 7, "cio_id": "a", "email": "a@x.example"}
LEFT = "2026-01-09T00:00:00Z"
by_kind = pytest.mark.parametrize("shape", ["record", *SHAPES])


def kind(shape: str, **settings: Any) -> Kind:
    if shape == "record":
        return build(0, record_mapping(**settings), SCHEMAS)
    raw: dict[str, Any] = {"stream": "m", "kind": shape, "identity": IDENTITY, **SHAPES[shape]}
    if shape == "campaign_member":
        raw["identity"] = [IDENTITY[0] | {"object": "Contact"}]
    if shape == "child_record":
        raw.pop("identity")
        raw["person"] = {"field": "Contact__c", "identity": IDENTITY}
    return build(0, ADAPTER.validate_python(raw | settings), SCHEMAS)


def change(shape: str, **data: Any) -> Change | Refused:
    [made] = kind(shape).changes([Received("m", 1, {**WHO, **data})])
    return made


@by_kind
@pytest.mark.parametrize("value", [None, "", "  ", False, 0, 0.0, []])
def test_no_time_of_deletion_is_no_exit(shape: str, value: Any) -> None:
    assert isinstance(change(shape), Upsert)
    assert isinstance(change(shape, _ab_cdc_deleted_at=value), Upsert)


@by_kind
@pytest.mark.parametrize("value", [LEFT, "2026-01-09", 1_767_225_600, "1767225600", 1.7e12])
def test_a_time_of_deletion_is_an_exit(shape: str, value: Any) -> None:
    data = {"exited_at": LEFT, "_ab_cdc_deleted_at": value}

    assert isinstance(change(shape, **data), Exit)


@by_kind
@pytest.mark.parametrize("value", [True, 1, "true", "not yet", "N/A", {"at": 1}])
def test_what_is_neither_is_refused_for_an_exit_is_no_guess(shape: str, value: Any) -> None:
    refused = change(shape, _ab_cdc_deleted_at=value)

    assert isinstance(refused, Refused)
    assert refused.rejection.code == "INVALID_VALUE"
    assert str(value) not in refused.rejection.cause


@pytest.mark.parametrize("policy", ["oldest", "newest"])
def test_one_of_several_records_cannot_be_deleted_on_exit(box: Running, policy: str) -> None:
    """An exit that is sent again after a crash would delete a second person's record."""
    deletes = {"on_exit": {"action": "delete"}, "on_multiple_matches": policy}

    with pytest.raises(ConnectorError, match="would delete the next record"):
        Config.parse(settings(box, CONTACTS | deletes))
    clears = {"on_exit": {"action": "clear", "fields": ["Plan__c"]}, "on_multiple_matches": policy}
    assert Config.parse(settings(box, CONTACTS | clears)).mappings


@pytest.mark.parametrize("policy", ["oldest", "newest"])
def test_an_exit_told_twice_clears_one_record(box: Running, policy: str) -> None:
    by_email = CONTACTS | {"identity": [{"source": "email", "target": "Email"}]}
    by_email |= {"on_multiple_matches": policy}
    twins = [{"LastName": n, "Email": "a@x.example", "Plan__c": "pro"} for n in ("A", "B")]
    box.salesforce_control.do({"create": {"object": "Contact", "records": twins}})
    gone = record(email="a@x.example", _ab_cdc_deleted_at=LEFT)

    for _attempt in range(2):
        assert sync(box, [gone], by_email).error is None

    plans = {row["LastName"]: row["Plan__c"] for row in box.salesforce_control.records("Contact")}
    assert sorted(plans.values(), key=str) == [None, "pro"]


def test_an_exit_told_twice_takes_one_membership_of_a_campaign() -> None:
    people = [{"Id": f"003{n:015d}", "CustomerIO_Id__c": "a"} for n in (1, 2)]
    campaign = SHAPES["campaign_member"]["segments"][0]["campaign"]
    rows = [
        {"Id": f"00v{n:015d}", "CampaignId": campaign, "ContactId": person["Id"]}
        for n, person in enumerate(people)
    ]
    org, members = (
        SmallOrg(Contact=people, CampaignMember=rows),
        kind("campaign_member", on_multiple_matches="oldest"),
    )
    [gone] = members.changes([Received("m", 1, {**WHO, "_ab_cdc_deleted_at": LEFT})])
    assert isinstance(gone, Exit)

    assert org.write(members, [gone]) == ["Delete"]
    assert org.write(members, [gone]) == ["unchanged"]


def test_rows_that_share_a_key_of_a_membership_are_deleted_together() -> None:
    rows = [{"Id": f"a00{n:015d}", "Key__c": "7:a"} for n in (1, 2)]
    org = SmallOrg(Membership__c=rows)
    settings = {"on_exit": {"action": "delete"}, "on_multiple_matches": "oldest"}
    children = kind("child_record", **settings)
    [gone] = children.changes([Received("m", 1, {**WHO, "_ab_cdc_deleted_at": LEFT})])
    assert isinstance(gone, Exit)

    assert org.write(children, [gone]) == ["Delete", "Delete"]
