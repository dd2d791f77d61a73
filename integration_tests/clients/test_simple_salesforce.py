"""simple-salesforce, used plainly, against a sandbox that is a process of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id, format_soql

from integration_tests.clients.sandbox_process import Box, sandbox_process

KEY = "CustomerIO_Id__c"


class PlainHttp(requests.adapters.HTTPAdapter):
    """Sends in the clear what simple-salesforce insists on sending to ``https``."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


def client(box: Box, session_id: str) -> Any:
    """Return a client; untyped, as the library makes attributes of objects' names."""
    session = requests.Session()
    session.trust_env = False
    session.mount(box.url.replace("http://", "https://"), PlainHttp())
    return Salesforce(instance_url=box.url, session_id=session_id, version="65.0", session=session)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with sandbox_process() as served:
        yield served


@pytest.fixture
def salesforce(box: Box) -> Iterator[Any]:
    """A client of an org without contacts."""
    salesforce = client(box, box.access_token())
    ids = [record["Id"] for record in salesforce.query_all_iter("SELECT Id FROM Contact")]
    for start in range(0, len(ids), 200):
        chunk = ",".join(ids[start : start + 200])
        salesforce.restful("composite/sobjects", method="DELETE", params={"ids": chunk})
    yield salesforce
    salesforce.session.close()


def people(count: int) -> list[dict[str, str]]:
    return [
        {KEY: f"s{n}", "LastName": f"Ōsei {n}", "Email": f"s{n}@example.com"} for n in range(count)
    ]


def test_record_lives_and_dies(salesforce: Any) -> None:
    created = salesforce.Contact.create({"LastName": "One", KEY: "s1/ö"})
    path = format_external_id(KEY, "s1/ö")
    upserted = salesforce.Contact.upsert(path, {"LastName": "Uno"})
    updated = salesforce.Contact.update(created["id"], {"Title": "Head"})
    record = salesforce.Contact.get(created["id"])
    by_key = salesforce.Contact.get_by_custom_id(KEY, "s1/ö")

    assert created["success"]
    assert (upserted, updated) == (200, 204)
    assert (record["LastName"], record["Title"], record["IsDeleted"]) == ("Uno", "Head", False)
    assert by_key["Id"] == created["id"]
    assert salesforce.Contact.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Contact.get(created["id"])


def test_upsert_creates_updates_and_refuses_to_choose(salesforce: Any) -> None:
    first = salesforce.Contact.upsert(f"{KEY}/s1", {"LastName": "One", "Legacy_Id__c": "same"})
    second = salesforce.Contact.upsert(f"{KEY}/s2", {"LastName": "Two", "Legacy_Id__c": "same"})

    assert (first, second) == (201, 201)
    with pytest.raises(SalesforceMoreThanOneRecord):
        salesforce.Contact.upsert("Legacy_Id__c/same", {"LastName": "Which"})


def test_query_pages_to_the_end(salesforce: Any) -> None:
    rows = [{"attributes": {"type": "Contact"}, **person} for person in people(450)]
    for start in range(0, len(rows), 200):
        body = {"allOrNone": False, "records": rows[start : start + 200]}
        path = f"composite/sobjects/Contact/{KEY}"
        results = salesforce.restful(path, method="PATCH", json=body)
        assert all(result["success"] and result["created"] for result in results)
    soql = f"SELECT {KEY} FROM Contact WHERE {KEY} != null"  # noqa: S608  # a constant's name

    everything = salesforce.query_all(soql, headers={"Sforce-Query-Options": "batchSize=200"})
    counted = salesforce.query("SELECT COUNT() FROM Contact")

    assert everything["totalSize"] == counted["totalSize"] == 450
    assert {record[KEY] for record in everything["records"]} == {row[KEY] for row in people(450)}


def test_values_quoted_by_the_library_are_found(salesforce: Any) -> None:
    names = ["O'Hara", 'Zoë "Z"', "back\\slash", "100%_sure"]
    for name in names:
        salesforce.Contact.create({"LastName": name})

    found = salesforce.query(
        format_soql("SELECT LastName FROM Contact WHERE LastName IN {}", names)
    )

    assert sorted(record["LastName"] for record in found["records"]) == sorted(names)


def test_describe_limits_and_usage_are_there(salesforce: Any) -> None:
    fields = {field["name"] for field in salesforce.Contact.describe()["fields"]}
    limits = salesforce.limits()

    assert {KEY, "Email", "LastName"} <= fields
    assert limits["DailyApiRequests"]["Remaining"] < limits["DailyApiRequests"]["Max"]
    assert salesforce.api_usage["api-usage"].used > 0


def test_refusals_arrive_as_the_library_s_exceptions(box: Box, salesforce: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        salesforce.query("SELECT Nmae FROM Contact")
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        salesforce.Contact.create({"Email": "a@example.com"})
    expired = client(box, "expired")
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        expired.query("SELECT Id FROM Contact")
    expired.session.close()


def test_bulk_upsert_writes_and_names_what_it_could_not(salesforce: Any) -> None:
    bad = {KEY: "bad", "LastName": "Bad", "Email": "nonsense"}

    [done] = salesforce.bulk2.Contact.upsert(
        records=[*people(300), bad], external_id_field=KEY, wait=0
    )
    failed = salesforce.bulk2.Contact.get_failed_records(done["job_id"])
    successful = salesforce.bulk2.Contact.get_successful_records(done["job_id"])

    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (301, 1)
    [row] = rows_of(failed)
    assert row[KEY] == "bad"
    assert row["sf__Error"].startswith("INVALID_EMAIL_ADDRESS:")
    assert len(rows_of(successful)) == 300
    assert salesforce.query("SELECT COUNT() FROM Contact")["totalSize"] == 300


def test_bulk_query_and_delete_meet_the_same_records(salesforce: Any) -> None:
    salesforce.bulk2.Contact.insert(records=people(50), wait=0)
    soql = "SELECT Id, LastName FROM Contact"
    pages = list(salesforce.bulk2.Contact.query(soql, max_records=20, wait=0))
    ids = [{"Id": row["Id"]} for page in pages for row in rows_of(page)]

    [done] = salesforce.bulk2.Contact.delete(records=ids, wait=0)

    assert [len(rows_of(page)) for page in pages] == [20, 20, 10]
    assert done["numberRecordsProcessed"] == 50
    assert salesforce.query("SELECT COUNT() FROM Contact")["totalSize"] == 0


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))
