"""What the operator does to the org, and what a client then meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.serve import Running

Rest = Callable[..., requests.Response]
KEY = "CustomerIO_Id__c"


def create(sandbox: Running, name: str = "Contact", **values: Any) -> str:
    row = {"LastName": "Osei", **values} if name in {"Contact", "Lead"} else values
    [[record]] = sandbox.salesforce_control.do({"create": {"object": name, "records": [row]}})
    return str(record)


def upsert(rest: Rest, *keys: str, **values: Any) -> list[str]:
    rows = [{"attributes": {"type": "Contact"}, KEY: key, **values} for key in keys]
    answer = rest("PATCH", f"/composite/sobjects/Contact/{KEY}", json={"records": rows})
    return [each["errors"][0]["statusCode"] if each["errors"] else "" for each in answer.json()]


def test_a_locked_record_cannot_be_written_so_many_times(rest: Rest, sandbox: Running) -> None:
    for key in ("a", "b"):
        create(sandbox, **{KEY: key})
    sandbox.salesforce_control.do({"lock": {"object": "Contact", "where": {KEY: "a"}, "times": 2}})

    attempts = [upsert(rest, "a", "b", Title="Dr") for _ in range(3)]

    locked = "UNABLE_TO_LOCK_ROW"
    assert attempts == [[locked, ""], [locked, ""], ["", ""]]


def test_a_locked_parent_holds_its_children_too(rest: Rest, sandbox: Running) -> None:
    account = create(sandbox, "Account", Name="Acme")
    person = create(sandbox, AccountId=account, **{KEY: "a"})
    sandbox.salesforce_control.do({"lock": {"object": "Account", "ids": [account], "times": 3}})

    assert upsert(rest, "a", Title="Dr") == ["UNABLE_TO_LOCK_ROW"]
    assert upsert(rest, "b", LastName="N", AccountId=account) == ["UNABLE_TO_LOCK_ROW"]
    assert rest("DELETE", f"/sobjects/Contact/{person}").status_code == 400
    assert rest("DELETE", f"/sobjects/Contact/{person}").status_code == 204


def test_a_trigger_refuses_new_and_stored_values(rest: Rest, sandbox: Running) -> None:
    create(sandbox, Title="Sir", **{KEY: "a"})
    trigger = {"object": "Contact", "field": "Title", "pattern": "^Sir$", "message": "No titles"}
    sandbox.salesforce_control.do({"trigger": trigger})

    refused = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert upsert(rest, "a", Phone="1") == [refused]
    assert upsert(rest, "b", LastName="N", Title="Sir") == [refused]
    assert upsert(rest, "a", Title="Dr") == [""]


def test_a_trigger_on_delete_protects_records(rest: Rest, sandbox: Running) -> None:
    person = create(sandbox, Title="Sir", **{KEY: "a"})
    trigger = {"object": "Contact", "field": "Title", "pattern": "Sir", "code": "DELETE_FAILED"}
    sandbox.salesforce_control.do({"trigger": {**trigger, "on": "delete", "times": 1}})

    assert upsert(rest, "a", Phone="1") == [""]
    refused = rest("DELETE", f"/sobjects/Contact/{person}")
    assert refused.json()[0]["errorCode"] == "DELETE_FAILED"
    assert rest("DELETE", f"/sobjects/Contact/{person}").status_code == 204


@pytest.mark.parametrize(("action", "insisting"), [("alert", 201), ("block", 400)])
def test_a_duplicate_rule_alerts_or_blocks(
    rest: Rest, sandbox: Running, action: str, insisting: int
) -> None:
    create(sandbox, Email="a@x.example")
    rule = {"object": "Contact", "field": "Email", "action": action}
    sandbox.salesforce_control.do({"duplicate_rule": rule})
    twin = {"LastName": "Osei", "Email": "A@x.example"}
    insist = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}

    refused = rest("POST", "/sobjects/Contact", json=twin)
    again = rest("POST", "/sobjects/Contact", json=twin, headers=insist)

    assert refused.json()[0]["errorCode"] == "DUPLICATES_DETECTED"
    assert again.status_code == insisting


def test_an_assignment_rule_takes_leads_unless_told_not_to(rest: Rest, sandbox: Running) -> None:
    user = {"Username": "q@x.example", "LastName": "Queue", "Email": "q@x.example"}
    queue = create(sandbox, "User", **user)
    sandbox.salesforce_control.do({"assignment_rule": {"object": "Lead", "owner": queue}})
    lead = {"LastName": "Osei", "Company": "Acme"}

    taken = rest("POST", "/sobjects/Lead", json=lead).json()["id"]
    off = {"Sforce-Auto-Assign": "FALSE"}
    left = rest("POST", "/sobjects/Lead", json=lead, headers=off).json()["id"]

    leads = sandbox.salesforce_control.records("Lead")
    owners = {each["Id"]: each["OwnerId"] for each in leads}
    assert owners[taken] == queue
    assert owners[left] != queue


def test_parts_of_composite_bring_headers_of_their_own(rest: Rest, sandbox: Running) -> None:
    create(sandbox, Email="a@x.example")
    rule = {"object": "Contact", "field": "Email", "action": "alert"}
    sandbox.salesforce_control.do({"duplicate_rule": rule})
    insist = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    part = {
        "method": "POST",
        "url": "/services/data/v65.0/sobjects/Contact",
        "referenceId": "a",
        "body": {"LastName": "Osei", "Email": "a@x.example"},
    }

    def status(**given: Any) -> int:
        body = {"compositeRequest": [{**part, **given}]}
        answer = rest("POST", "/composite", json=body, headers=insist)
        return int(answer.json()["compositeResponse"][0]["httpStatusCode"])

    assert status() == 400
    assert status(httpHeaders=insist) == 201


def test_what_the_operator_does_counts_for_nothing(rest: Rest, sandbox: Running) -> None:
    create(sandbox, **{KEY: "a"})
    upsert(rest, "a", Title="Dr")
    upsert(rest, "b", "c", LastName="Nnn")

    writes = sandbox.salesforce_control.writes()

    counts = {"created": 2, "updated": 1, "deleted": 0}
    assert writes == {**counts, "calls": 2, "objects": {"Contact": counts}}


def test_records_show_live_rows_with_booleans(rest: Rest, sandbox: Running) -> None:
    create(sandbox, Is_VIP__c=True, **{KEY: "a"})
    gone = create(sandbox, **{KEY: "b"})
    rest("DELETE", f"/sobjects/Contact/{gone}")

    [shown] = sandbox.salesforce_control.records("Contact")

    assert (shown[KEY], shown["Is_VIP__c"], shown["IsDeleted"]) == ("a", True, False)


def test_a_converted_lead_cannot_be_written(rest: Rest, sandbox: Running) -> None:
    lead = create(sandbox, "Lead", Company="Acme", Email="a@x.example")
    [made] = sandbox.salesforce_control.do({"convert_lead": {"id": lead}})

    answer = rest("PATCH", f"/sobjects/Lead/{lead}", json={"Title": "Dr"})

    assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    contact = rest("GET", f"/sobjects/Contact/{made['contact']}").json()
    assert (contact["Email"], contact["AccountId"]) == ("a@x.example", made["account"])


def test_a_merge_moves_children_and_loses_the_losers_key(rest: Rest, sandbox: Running) -> None:
    winner, loser = (create(sandbox, **{KEY: key}) for key in ("w", "l"))
    campaigns = [create(sandbox, "Campaign", Name=name) for name in ("both", "one")]
    for campaign, person in zip(
        [campaigns[0], campaigns[0], campaigns[1]], [winner, loser, loser], strict=True
    ):
        create(sandbox, "CampaignMember", CampaignId=campaign, ContactId=person)

    merge = {"object": "Contact", "winner": winner, "losers": [loser]}
    sandbox.salesforce_control.do({"merge": merge})

    members = sandbox.salesforce_control.records("CampaignMember")
    assert sorted((each["CampaignId"], each["ContactId"]) for each in members) == sorted(
        (campaign, winner) for campaign in campaigns
    )
    query = f"SELECT MasterRecordId FROM Contact WHERE Id = '{loser}'"  # noqa: S608  -- the test's own
    found = rest("GET", "/queryAll", params={"q": query}).json()
    assert found["records"][0]["MasterRecordId"] == winner
    assert rest("GET", f"/sobjects/Contact/{KEY}/l").status_code == 404


def test_undelete_brings_back_what_went_together(rest: Rest, sandbox: Running) -> None:
    person = create(sandbox, **{KEY: "a"})
    campaign = create(sandbox, "Campaign", Name="Winback")
    member = create(sandbox, "CampaignMember", CampaignId=campaign, ContactId=person)
    rest("DELETE", f"/sobjects/Contact/{person}")
    assert sandbox.salesforce_control.records("CampaignMember") == []

    sandbox.salesforce_control.do({"undelete": {"object": "Contact", "ids": [person]}})

    [shown] = sandbox.salesforce_control.records("CampaignMember")
    assert shown["Id"] == member
    assert rest("GET", f"/sobjects/Contact/{person}").status_code == 200


def test_undelete_fails_when_the_key_is_taken(rest: Rest, sandbox: Running) -> None:
    person = create(sandbox, **{KEY: "a"})
    rest("DELETE", f"/sobjects/Contact/{person}")
    create(sandbox, **{KEY: "a"})

    with pytest.raises(ValueError, match="DUPLICATE_VALUE"):
        sandbox.salesforce_control.do({"undelete": {"object": "Contact", "ids": [person]}})


def test_fields_come_go_and_lock_up(rest: Rest, sandbox: Running) -> None:
    field = {"name": "Shoe__c", "type": "string", "length": 4}
    sandbox.salesforce_control.do({"set_field": {"object": "Contact", "field": field}})
    assert upsert(rest, "a", LastName="Osei", Shoe__c="44") == [""]

    read_only = {"name": "Shoe__c", "createable": False, "updateable": False}
    sandbox.salesforce_control.do({"set_field": {"object": "Contact", "field": read_only}})
    assert upsert(rest, "a", Shoe__c="45") == ["INVALID_FIELD_FOR_INSERT_UPDATE"]

    sandbox.salesforce_control.do({"hide_field": {"object": "Contact", "field": "Shoe__c"}})
    described = rest("GET", "/sobjects/Contact/describe").json()["fields"]
    assert "Shoe__c" not in {each["name"] for each in described}
    assert rest("GET", f"/sobjects/Contact/{KEY}/a?fields=Shoe__c").status_code == 400


def test_an_object_of_ones_own_works_like_the_others(rest: Rest, sandbox: Running) -> None:
    fields = [
        {"name": "Key__c", "length": 9, "external_id": True, "id_lookup": True, "unique": True},
        {
            "name": "Contact__c",
            "type": "reference",
            "reference_to": ["Contact"],
            "relationship_name": "Contact__r",
        },
    ]
    operation = {"name": "Visit__c", "key_prefix": "a01", "fields": fields}
    sandbox.salesforce_control.do({"add_object": operation})
    upsert(rest, "a", LastName="Osei")

    answer = rest("PATCH", "/sobjects/Visit__c/Key__c/v1", json={"Contact__r": {KEY: "A"}})

    assert answer.status_code == 201
    query = "SELECT Contact__r.LastName FROM Visit__c"
    [found] = rest("GET", "/query", params={"q": query}).json()["records"]
    assert found["Contact__r"]["LastName"] == "Osei"


def test_an_object_without_permission_cannot_be_written(rest: Rest, sandbox: Running) -> None:
    person = create(sandbox, **{KEY: "a"})
    sandbox.salesforce_control.do({"permissions": {"object": "Contact", "deletable": False}})
    refused = rest("DELETE", f"/sobjects/Contact/{person}")
    sandbox.salesforce_control.do({"permissions": {"object": "Contact", "deletable": True}})

    assert refused.json()[0]["errorCode"] == "INVALID_TYPE_FOR_OPERATION"
    assert rest("DELETE", f"/sobjects/Contact/{person}").status_code == 204


def test_old_records_can_be_made(rest: Rest, sandbox: Running) -> None:
    person = create(sandbox, **{KEY: "a"})
    long_ago = "2020-01-01T00:00:00.000+0000"

    values = {"CreatedDate": long_ago}
    operation = {"object": "Contact", "where": {KEY: "A"}, "values": values}
    sandbox.salesforce_control.do({"write_columns": operation})

    assert rest("GET", f"/sobjects/Contact/{person}").json()["CreatedDate"] == long_ago


def test_a_wrong_operation_is_refused_and_undone(sandbox: Running, rest: Rest) -> None:
    good = {"create": {"object": "Contact", "records": [{"LastName": "Osei"}]}}

    wrong: list[dict[str, Any]] = [
        {"destroy": {}},
        {"settings": {"failed_row": "long"}},
        {"lock": {"object": "Contact", "where": {"Nmae": "x"}}},
        {"create": {"object": "Contact", "records": [{}]}},
    ]
    for bad in wrong:
        with pytest.raises(ValueError, match="400"):
            sandbox.salesforce_control.do(good, bad)

    assert rest("GET", "/query?q=SELECT+count()+FROM+Contact").json()["totalSize"] == 0
