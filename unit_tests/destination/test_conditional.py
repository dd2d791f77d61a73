"""Updates on condition: what is sent, and what each answer to a part means."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Delete, Found, Update
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import EDITED
from destination_salesforce_intro.salesforce.conditional import (
    Conditional,
    conditional,
    decode,
    request,
)
from unit_tests.destination.builders import upsert

BASE = "/services/data/v65.0/"
ID = "003000000000001AAA"


def one(last_edit: str | None = "2026-01-02T12:00:00.000+0000") -> Conditional:
    seen = Found(ID, {"Segments__c": "A", "LastModifiedDate": last_edit})
    return Conditional(Update(upsert(), "Contact", ID, {"Segments__c": "A;B"}, seen), seen)


def part(status: int, code: str = "", message: str = "") -> dict[str, Any]:
    body = [{"errorCode": code, "message": message}] if code else None
    return {"httpStatusCode": status, "body": body}


def verdict(status: int, code: str = "", message: str = "") -> Verdict | None:
    [answer] = decode([one()], {"compositeResponse": [part(status, code, message)]})
    return answer.verdict


def test_only_updates_that_were_seen_have_a_condition() -> None:
    plain = Update(upsert(), "Contact", ID, {})

    assert list(conditional([plain, one().row, Delete(upsert(), "Contact", ID)])) == [one()]


def test_a_part_says_when_the_record_was_last_edited() -> None:
    body = request([one(), one().impossible()], BASE).body
    first, second = body["compositeRequest"]

    assert (first["method"], first["url"]) == ("PATCH", f"{BASE}sobjects/Contact/{ID}")
    assert first["body"] == {"Segments__c": "A;B"}
    assert first["httpHeaders"]["If-Unmodified-Since"] == "Fri, 02 Jan 2026 12:00:00 GMT"
    assert first["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE"
    assert second["httpHeaders"]["If-Unmodified-Since"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert (body["allOrNone"], body["collateSubrequests"]) == (False, False)


def test_without_a_last_edit_nothing_is_sent() -> None:
    with pytest.raises(ConnectorError, match="did not say when") as caught:
        request([one(None)], BASE)

    assert caught.value.fault is Fault.CONFIG


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (204, "", None),
        (200, "", None),
        (412, "", Verdict.LOOK_AGAIN),
        (412, "ANYTHING", Verdict.LOOK_AGAIN),
        (404, "NOT_FOUND", Verdict.LOOK_AGAIN),
        (404, "ENTITY_IS_DELETED", Verdict.LOOK_AGAIN),
        (400, "UNABLE_TO_LOCK_ROW", Verdict.RETRY_SMALLER),
        (500, "", Verdict.RETRY),
        (503, "SERVER_UNAVAILABLE", Verdict.RETRY),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Verdict.REJECT),
        (400, "A_CODE_NOBODY_KNOWS", Verdict.REJECT),
    ],
)
def test_each_answer_has_its_verdict(status: int, code: str, expected: Verdict | None) -> None:
    assert verdict(status, code) is expected


def test_what_was_edited_says_so() -> None:
    [answer] = decode([one()], {"compositeResponse": [part(412)]})

    assert answer.refusal == EDITED


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "STORAGE_LIMIT_EXCEEDED", Fault.CONFIG),
        (403, "REQUEST_LIMIT_EXCEEDED", Fault.TRANSIENT),
        (401, "INVALID_SESSION_ID", Fault.CONFIG),
    ],
)
def test_what_all_rows_would_meet_stops(status: int, code: str, fault: Fault) -> None:
    with pytest.raises(ConnectorError, match=code) as caught:
        verdict(status, code)

    assert caught.value.fault is fault


@pytest.mark.parametrize("answer", [{}, {"compositeResponse": []}, [], None])
def test_an_answer_of_another_length_is_not_trusted(answer: Any) -> None:
    with pytest.raises(ConnectorError, match="no row of it can be trusted"):
        decode([one()], answer)
