"""Conditional requests for single records, alone and as parts of Composite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.serve import Running

Rest = Callable[..., requests.Response]
NOON = "2026-01-02T12:00:00.000+0000"
BEFORE = "Fri, 02 Jan 2026 11:59:59 GMT"
AT_NOON = "Fri, 02 Jan 2026 12:00:00 GMT"


@pytest.fixture
def person(rest: Rest, sandbox: Running) -> str:
    """A Contact that was last edited at noon."""
    made = rest("POST", "/sobjects/Contact", json={"LastName": "Osei", "CustomerIO_Id__c": "c1"})
    id_ = str(made.json()["id"])
    edited = {"object": "Contact", "ids": [id_], "values": {"LastModifiedDate": NOON}}
    sandbox.salesforce_control.do({"write_columns": edited})
    return f"/sobjects/Contact/{id_}"


def title(rest: Rest, person: str) -> Any:
    return rest("GET", f"{person}?fields=Title").json()["Title"]


@pytest.mark.parametrize(("since", "status"), [(BEFORE, 412), (AT_NOON, 204), (None, 204)])
def test_an_update_of_what_was_edited_since_is_refused(
    rest: Rest, person: str, since: str | None, status: int
) -> None:
    headers = {"If-Unmodified-Since": since} if since else {}

    answer = rest("PATCH", person, json={"Title": "Dr"}, headers=headers)

    assert answer.status_code == status
    assert title(rest, person) == (None if status == 412 else "Dr")


def test_a_second_update_meets_the_edit_of_the_first(rest: Rest, person: str) -> None:
    def update(value: str) -> int:
        headers = {"If-Unmodified-Since": AT_NOON}
        return rest("PATCH", person, json={"Title": value}, headers=headers).status_code

    assert [update("first"), update("second")] == [204, 412]
    assert title(rest, person) == "first"


def test_an_upsert_by_key_has_the_same_condition(rest: Rest, person: str) -> None:
    by_key = "/sobjects/Contact/CustomerIO_Id__c/c1"
    headers = {"If-Unmodified-Since": BEFORE}

    assert rest("PATCH", by_key, json={"Title": "Dr"}, headers=headers).status_code == 412
    assert title(rest, person) is None


def test_a_part_of_composite_has_the_condition_in_its_own_headers(rest: Rest, person: str) -> None:
    url = f"/services/data/v65.0{person}"
    parts = [
        {
            "referenceId": f"part{place}",
            "method": "PATCH",
            "url": url,
            "body": {"Title": since[:3]},
            "httpHeaders": {"If-Unmodified-Since": since},
        }
        for place, since in enumerate((BEFORE, AT_NOON))
    ]

    answer = rest("POST", "/composite", json={"compositeRequest": parts, "allOrNone": False})

    statuses = [each["httpStatusCode"] for each in answer.json()["compositeResponse"]]
    assert statuses == [412, 204]


def test_a_read_is_answered_only_if_its_condition_holds(rest: Rest, person: str) -> None:
    def read(header: str, since: str) -> int:
        return rest("GET", person, headers={header: since}).status_code

    assert [read("If-Modified-Since", since) for since in (BEFORE, AT_NOON)] == [200, 304]
    assert [read("If-Unmodified-Since", since) for since in (BEFORE, AT_NOON)] == [412, 200]


def test_a_condition_that_is_no_date_is_an_error(rest: Rest, person: str) -> None:
    answer = rest("PATCH", person, json={"Title": "Dr"}, headers={"If-Unmodified-Since": "noon"})

    assert answer.status_code == 400
    assert title(rest, person) is None


def test_the_last_edit_is_kept_to_the_second(rest: Rest, person: str) -> None:
    rest("PATCH", person, json={"Title": "Dr"})

    assert rest("GET", person).json()["LastModifiedDate"].endswith(".000+0000")
