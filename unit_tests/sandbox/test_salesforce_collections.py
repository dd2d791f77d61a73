"""sObject Collections over HTTP: one result for each record, in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.serve import Running

Rest = Callable[..., requests.Response]
KEY = "CustomerIO_Id__c"
BY_KEY = f"/composite/sobjects/Contact/{KEY}"


def record(type_: str = "Contact", **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": type_}, **values}


def contacts(*keys: str, **values: Any) -> list[dict[str, Any]]:
    return [record(**{KEY: key, "LastName": "Osei", **values}) for key in keys]


def send(rest: Rest, method: str, path: str, records: list[Any], **body: Any) -> list[Any]:
    answer = rest(method, path, json={"records": records, **body})
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def refusal(answer: requests.Response) -> tuple[int, str]:
    [error] = answer.json()
    return answer.status_code, error["errorCode"]


def codes(results: list[Any]) -> list[str]:
    return [each["errors"][0]["statusCode"] if each["errors"] else "" for each in results]


def test_upsert_answers_in_the_order_of_the_records(rest: Rest) -> None:
    keys = [f"k{n}" for n in range(200)]
    created = send(rest, "PATCH", BY_KEY, contacts(*keys))

    updated = send(rest, "PATCH", BY_KEY, contacts(*reversed(keys), Title="Dr"))

    assert all(each["created"] for each in created)
    assert [each["id"] for each in updated] == [each["id"] for each in reversed(created)]
    assert not any(each["created"] for each in updated)


def test_a_refused_row_has_no_id_unless_the_org_says_so(rest: Rest, sandbox: Running) -> None:
    [refused] = send(rest, "PATCH", BY_KEY, [record(**{KEY: "a"})])
    sandbox.salesforce_control.do({"settings": {"failed_row": "full"}})
    [full] = send(rest, "PATCH", BY_KEY, [record(**{KEY: "a"})])
    sandbox.salesforce_control.do({"settings": {"failed_row": "short"}})

    assert refused == {"success": False, "errors": refused["errors"]}
    assert full == {"id": None, "created": False, **refused}


@pytest.mark.parametrize(
    ("records", "refused"),
    [
        (contacts(*map(str, range(201))), "EXCEEDED_ID_LIMIT"),
        ([], "REQUIRED_FIELD_MISSING"),
        ([{KEY: "a"}], "INVALID_INPUT"),
        ([record("Lead", **{KEY: "a"})], "INVALID_INPUT"),
        (["a"], "JSON_PARSER_ERROR"),
        (contacts("a", Nmae="Osei"), "INVALID_FIELD"),
    ],
)
def test_a_malformed_request_is_refused_whole(rest: Rest, records: list[Any], refused: str) -> None:
    answer = rest("PATCH", BY_KEY, json={"records": [*contacts("ok")[: len(records)], *records]})

    assert refusal(answer) == (400, refused)
    assert rest("GET", f"/sobjects/Contact/{KEY}/ok").status_code == 404


def test_an_unknown_field_can_fail_its_row_alone(rest: Rest, sandbox: Running) -> None:
    sandbox.salesforce_control.do({"settings": {"unknown_field": "row"}})
    results = send(rest, "PATCH", BY_KEY, [*contacts("a", Nmae="Osei"), *contacts("b")])
    sandbox.salesforce_control.do({"settings": {"unknown_field": "request"}})

    assert codes(results) == ["INVALID_FIELD", ""]


def test_a_value_of_the_wrong_type_can_spoil_the_whole_request(
    rest: Rest, sandbox: Running
) -> None:
    rows = [*contacts("a", Cart_Value__c="much"), *contacts("b")]
    alone = send(rest, "PATCH", BY_KEY, rows)
    sandbox.salesforce_control.do({"settings": {"wrong_type": "request"}})
    answer = rest("PATCH", BY_KEY, json={"records": rows})
    sandbox.salesforce_control.do({"settings": {"wrong_type": "row"}})

    assert codes(alone) == ["INVALID_TYPE_ON_FIELD_IN_RECORD", ""]
    assert refusal(answer) == (400, "JSON_PARSER_ERROR")


def test_upsert_by_email_is_allowed_unless_the_org_says_not(rest: Rest, sandbox: Running) -> None:
    by_email = "/composite/sobjects/Contact/Email"
    records = [record(Email="a@x.example", LastName="Osei")]
    [created] = send(rest, "PATCH", by_email, records)
    sandbox.salesforce_control.do({"settings": {"collections_key": "externalId"}})
    answer = rest("PATCH", by_email, json={"records": records})
    sandbox.salesforce_control.do({"settings": {"collections_key": "idLookup"}})

    assert created["created"]
    assert refusal(answer) == (400, "INVALID_FIELD")
    assert refusal(rest("PATCH", "/composite/sobjects/Contact/Title", json={})) == (
        404,
        "NOT_FOUND",
    )


def test_create_takes_types_mixed_up_to_ten_chunks(rest: Rest) -> None:
    pair = [record(LastName="Osei"), record("Account", Name="Acme")]

    results = send(rest, "POST", "/composite/sobjects", pair * 5)

    assert [each["id"][:3] for each in results] == ["003", "001"] * 5
    assert "created" not in results[0]
    answer = rest("POST", "/composite/sobjects", json={"records": pair * 6})
    assert refusal(answer) == (400, "LIMIT_EXCEEDED")


def test_update_goes_by_id_and_says_which_failed(rest: Rest) -> None:
    [person] = send(rest, "POST", "/composite/sobjects", contacts("a"))
    records = [record(id=person["id"], Title="Dr"), record(Title="Dr"), record(id="003", Title="D")]

    results = send(rest, "PATCH", "/composite/sobjects", records)

    assert codes(results) == ["", "MISSING_ARGUMENT", "MALFORMED_ID"]
    assert rest("GET", f"/sobjects/Contact/{person['id']}").json()["Title"] == "Dr"


def test_delete_takes_any_ids_in_their_order(rest: Rest) -> None:
    made = send(rest, "POST", "/composite/sobjects", [*contacts("a"), record("Account", Name="A")])
    ids = [made[0]["id"], made[1]["id"], made[0]["id"], "003xx", "zzzSB0000000001"]

    results = rest("DELETE", f"/composite/sobjects?ids={','.join(ids)}").json()

    refused = ["ENTITY_IS_DELETED", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY"]
    assert codes(results) == ["", "", *refused]
    assert [each.get("id") for each in results][:2] == ids[:2]


def test_all_or_none_undoes_rows_of_every_type(rest: Rest, sandbox: Running) -> None:
    records = [record("Account", Name="Acme"), record(Title="Dr")]

    results = send(rest, "POST", "/composite/sobjects", records, allOrNone=True)

    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert sandbox.salesforce_control.records("Account") == []
    assert sandbox.salesforce_control.writes()["created"] == 0


def test_retrieve_keeps_the_places_of_ids_that_lead_nowhere(rest: Rest) -> None:
    made = send(rest, "POST", "/composite/sobjects", contacts("a", "b"))
    rest("DELETE", f"/composite/sobjects?ids={made[0]['id']}")
    ids = [each["id"] for each in made]

    posted = rest(
        "POST", "/composite/sobjects/Contact", json={"ids": ids, "fields": ["LastName", KEY]}
    )
    got = rest("GET", f"/composite/sobjects/Contact?ids={','.join(ids)}&fields=LastName,{KEY}")

    assert posted.json() == got.json()
    assert [each and each[KEY] for each in got.json()] == [None, "b"]
    unknown = rest("POST", "/composite/sobjects/Contact", json={"ids": ids, "fields": ["Nmae"]})
    assert refusal(unknown) == (400, "INVALID_FIELD")
