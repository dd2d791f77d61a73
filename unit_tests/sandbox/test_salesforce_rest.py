"""Single records, queries, metadata and limits over HTTP, as a client meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.serve import Running

Rest = Callable[..., requests.Response]
CONTACT = "/sobjects/Contact"


def create(rest: Rest, **values: Any) -> str:
    return str(rest("POST", CONTACT, json={"LastName": "Osei", **values}).json()["id"])


def refusal(answer: requests.Response) -> tuple[int, str]:
    [error] = answer.json()
    return answer.status_code, error["errorCode"]


def test_a_record_lives_from_post_to_delete(rest: Rest) -> None:
    person = create(rest, Email="Ann@x.example", Is_VIP__c=True, Cart_Value__c=12)
    assert rest("PATCH", f"{CONTACT}/{person[:15]}", json={"Title": "Dr"}).status_code == 204

    shown = rest("GET", f"{CONTACT}/{person}?fields=Email,Title,Is_VIP__c,Cart_Value__c").json()

    attributes = shown.pop("attributes")
    assert attributes["url"] == f"/services/data/v65.0/sobjects/Contact/{person}"
    assert shown == {
        "Id": person,
        "Email": "Ann@x.example",
        "Title": "Dr",
        "Is_VIP__c": True,
        "Cart_Value__c": 12.0,
    }
    assert rest("DELETE", f"{CONTACT}/{person}").status_code == 204
    assert refusal(rest("DELETE", f"{CONTACT}/{person}")) == (404, "ENTITY_IS_DELETED")
    assert refusal(rest("GET", f"{CONTACT}/{person}")) == (404, "NOT_FOUND")


def test_a_refused_record_says_why(rest: Rest) -> None:
    assert refusal(rest("POST", CONTACT, json={})) == (400, "REQUIRED_FIELD_MISSING")
    assert refusal(rest("POST", CONTACT, data="{")) == (415, "UNSUPPORTED_MEDIA_TYPE")
    json_type = {"Content-Type": "application/json"}
    assert refusal(rest("POST", CONTACT, data="{", headers=json_type)) == (400, "JSON_PARSER_ERROR")
    assert refusal(rest("POST", "/sobjects/Nobody", json={})) == (404, "NOT_FOUND")


def test_upsert_by_key_creates_then_updates_then_meets_several(rest: Rest) -> None:
    by_key = f"{CONTACT}/CustomerIO_Id__c/a%2Fb%20c"
    first = rest("PATCH", by_key, json={"LastName": "Osei", "Email": "a@x.example"})
    again = rest("PATCH", by_key.upper().replace("/SOBJECTS", "/sobjects"), json={"Title": "Dr"})
    other = create(rest, Email="A@x.example")

    several = rest("PATCH", f"{CONTACT}/Email/a@x.example", json={"Title": "Dr"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {**again.json(), "created": True}
    assert several.status_code == 300
    base = "/services/data/v65.0/sobjects/Contact"
    assert several.json() == [f"{base}/{first.json()['id']}", f"{base}/{other}"]
    assert rest("GET", f"{CONTACT}/Email/a@x.example").status_code == 300
    assert rest("DELETE", f"{CONTACT}/Email/a@x.example").status_code == 300
    assert rest("DELETE", by_key).status_code == 204


def test_upsert_refuses_the_key_in_the_body_and_unknown_keys(rest: Rest) -> None:
    by_key = f"{CONTACT}/CustomerIO_Id__c/c1"

    for body in ({"CustomerIO_Id__c": "c1"}, {"id": "003SB0000000001"}):
        assert refusal(rest("PATCH", by_key, json=body)) == (400, "INVALID_FIELD")
    assert refusal(rest("PATCH", f"{CONTACT}/Title/Dr", json={})) == (404, "NOT_FOUND")


def test_upsert_with_update_only_never_creates(rest: Rest) -> None:
    by_key = f"{CONTACT}/CustomerIO_Id__c/c1?updateOnly=true"

    assert refusal(rest("PATCH", by_key, json={"LastName": "Osei"})) == (404, "NOT_FOUND")
    create(rest, CustomerIO_Id__c="c1")
    assert rest("PATCH", by_key, json={"LastName": "Nnn"}).status_code == 200


def test_describe_and_the_lists_lead_to_each_other(rest: Rest) -> None:
    listed = rest("GET", "/sobjects/").json()["sobjects"]
    contact = next(each for each in listed if each["name"] == "Contact")
    path = contact["urls"]["describe"].removeprefix("/services/data/v65.0")

    described = rest("GET", path.replace("Contact", "cOnTaCt")).json()

    assert described["keyPrefix"] == contact["keyPrefix"] == "003"
    assert {each["name"] for each in described["fields"]} >= {"Email", "CustomerIO_Id__c"}
    assert rest("GET", "/sobjects/Contact").json()["objectDescribe"]["name"] == "Contact"
    assert refusal(rest("GET", "/sobjects/Nobody/describe")) == (404, "NOT_FOUND")


def test_a_query_comes_in_pages(rest: Rest, sandbox: Running) -> None:
    people = [{"LastName": f"L{n}"} for n in range(450)]
    sandbox.salesforce_control.do({"create": {"object": "Contact", "records": people}})
    small = {"Sforce-Query-Options": "batchSize=200"}
    page = rest("GET", "/query/?q=SELECT+LastName+FROM+Contact", headers=small).json()
    sizes, names = [], []

    while True:
        sizes.append(len(page["records"]))
        names += [each["LastName"] for each in page["records"]]
        if page["done"]:
            break
        more = page["nextRecordsUrl"].removeprefix("/services/data/v65.0")
        page = rest("GET", more).json()

    assert page["totalSize"] == 450
    assert sizes == [200, 200, 50]
    assert sorted(names) == sorted(each["LastName"] for each in people)
    assert refusal(rest("GET", "/query/01gNOPE-200")) == (400, "INVALID_QUERY_LOCATOR")


def test_pages_may_be_smaller_than_asked_for(rest: Rest, sandbox: Running) -> None:
    for _ in range(3):
        create(rest)
    sandbox.salesforce_control.do({"settings": {"query_batch": 2}})
    page = rest("GET", "/query?q=SELECT+Id+FROM+Contact").json()
    sandbox.salesforce_control.do({"settings": {"query_batch": 2000}})

    assert (len(page["records"]), page["done"], page["totalSize"]) == (2, False, 3)


def test_the_recycle_bin_shows_in_query_all_only(rest: Rest) -> None:
    person = create(rest, CustomerIO_Id__c="bin-1")
    rest("DELETE", f"{CONTACT}/{person}")
    query = "SELECT Id, IsDeleted FROM Contact WHERE CustomerIO_Id__c = 'bin-1'"

    live = rest("GET", "/query", params={"q": query}).json()
    all_ = rest("GET", "/queryAll", params={"q": query}).json()

    assert live["records"] == []
    assert [each["IsDeleted"] for each in all_["records"]] == [True]


def test_a_refused_query_says_why(rest: Rest) -> None:
    for text, code in {"SELECT": "MALFORMED_QUERY", "SELECT Id FROM X": "INVALID_TYPE"}.items():
        assert refusal(rest("GET", "/query", params={"q": text})) == (400, code)
    assert refusal(rest("GET", "/query")) == (400, "MALFORMED_QUERY")


def test_long_addresses_are_refused_before_they_are_read(rest: Rest) -> None:
    def status(length: int) -> int:
        text = f"SELECT Id FROM Contact WHERE Email = '{'x' * length}'"  # noqa: S608  -- a client's own
        return rest("GET", "/query", params={"q": text}).status_code

    assert status(3_900) == 200
    assert status(16_200) == 431
    assert status(17_000) == 414


def test_every_answer_tells_the_usage_and_limits_agree(rest: Rest) -> None:
    answer = rest("GET", "/limits")

    used, most = answer.headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")
    daily = answer.json()["DailyApiRequests"]
    assert (daily["Max"], daily["Max"] - daily["Remaining"]) == (int(most), int(used))
    later = rest("GET", "/nothing/here")
    assert refusal(later) == (404, "NOT_FOUND")
    assert later.headers["Sforce-Limit-Info"] == f"api-usage={int(used) + 1}/{most}"


def test_a_used_up_day_refuses_everything(rest: Rest, sandbox: Running) -> None:
    sandbox.salesforce_control.do({"quota": {"max": 10, "used": 9}})
    try:
        assert rest("GET", "/limits").status_code == 200
        refused = rest("GET", "/limits")
    finally:
        sandbox.salesforce_control.do({"quota": {"max": 100_000, "used": 0}})

    assert refusal(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.json()[0]["message"] == "TotalRequests Limit exceeded."


def test_bulk_has_allowances_of_its_own(rest: Rest, sandbox: Running) -> None:
    sandbox.salesforce_control.do(
        {"quota": {"of": "DailyBulkApiBatches", "max": 10, "used": 10}},
        {"quota": {"of": "DailyBulkV2QueryJobs", "max": 10, "used": 9}},
    )
    limits = rest("GET", "/limits").json()
    query = {"operation": "query", "query": "SELECT Id FROM Contact"}
    asked = [rest("POST", "/jobs/query", json=query) for _ in range(2)]
    refused = rest("POST", "/jobs/ingest", json={"object": "Contact", "operation": "insert"})
    sandbox.salesforce_control.do(
        {"quota": {"of": "DailyBulkApiBatches", "max": 15_000, "used": 0}},
        {"quota": {"of": "DailyBulkV2QueryJobs", "max": 10_000, "used": 0}},
    )

    assert limits["DailyBulkApiBatches"] == {"Max": 10, "Remaining": 0}
    assert limits["DailyBulkV2QueryJobs"] == {"Max": 10, "Remaining": 1}
    assert [each.status_code for each in asked] == [200, 400]
    assert refusal(asked[1]) == refusal(refused) == (400, "EXCEEDEDQUOTA")


def test_a_session_ends_when_the_operator_says(rest: Rest, sandbox: Running) -> None:
    sandbox.salesforce_control.do({"expire_sessions": {"after_requests": 2}})

    statuses = [rest("GET", "/limits").status_code for _ in range(3)]

    assert statuses == [200, 200, 401]
    assert refusal(rest("GET", "/limits")) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(("version", "status"), [("52.0", 401), ("67.0", 401), ("51.0", 404)])
def test_versions_are_supported_or_not_there(sandbox: Running, version: str, status: int) -> None:
    url = f"{sandbox.salesforce}/services/data/v{version}/limits"

    assert requests.get(url, timeout=10).status_code == status


def test_the_versions_are_listed_to_anybody(sandbox: Running) -> None:
    listed = requests.get(f"{sandbox.salesforce}/services/data", timeout=10).json()

    assert {each["version"] for each in listed} >= {"52.0", "65.0", "67.0"}


def test_a_version_leads_to_its_resources(rest: Rest) -> None:
    resources = rest("GET", "/").json()

    for name in ("sobjects", "limits"):
        path = resources[name].removeprefix("/services/data/v65.0")
        assert rest("GET", path).status_code == 200


def test_a_wrong_method_is_not_allowed(rest: Rest) -> None:
    assert refusal(rest("PUT", "/limits")) == (405, "METHOD_NOT_ALLOWED")
