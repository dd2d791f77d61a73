"""Composite over HTTP: several requests in one, referring to each other, all or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.salesforce.rest.references import UnknownReferenceError, resolve
from sandbox.serve import Running

Rest = Callable[..., requests.Response]
BASE = "/services/data/v65.0"
ANSWERS = {"a": {"id": "003", "records": [{"Id": "001"}]}, "b": [{"id": 7}]}


def part(reference: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"referenceId": reference, "method": method, "url": BASE + path, "body": body}


def composite(rest: Rest, *parts: Any, **body: Any) -> list[tuple[str, int, Any]]:
    answer = rest("POST", "/composite", json={"compositeRequest": parts, **body})
    assert answer.status_code == 200, answer.text
    return [
        (each["referenceId"], each["httpStatusCode"], each["body"])
        for each in answer.json()["compositeResponse"]
    ]


def refused(rest: Rest, *parts: Any) -> str:
    answer = rest("POST", "/composite", json={"compositeRequest": parts})
    assert answer.status_code == 400
    return str(answer.json()[0]["errorCode"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/x/@{a.id}/y", "/x/003/y"),
        ("@{a.records[0].Id}", "001"),
        ({"n": ["@{b[0].id}"]}, {"n": [7]}),
        ("@{a.id", "@{a.id"),
        (None, None),
    ],
)
def test_references_become_what_they_refer_to(value: Any, expected: Any) -> None:
    assert resolve(value, ANSWERS) == expected


@pytest.mark.parametrize("text", ["@{c.id}", "@{a.name}", "@{b[1].id}", "@{a.id.x}"])
def test_references_to_nothing_are_errors(text: str) -> None:
    with pytest.raises(UnknownReferenceError):
        resolve(text, ANSWERS)


def test_parts_refer_to_the_answers_of_earlier_ones(rest: Rest) -> None:
    query = "/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{person.id}'"

    answers = composite(
        rest,
        part("parent", "POST", "/sobjects/Account", {"Name": "Acme"}),
        part("person", "POST", "/sobjects/Contact", {"LastName": "O", "AccountId": "@{parent.id}"}),
        part("found", "GET", query),
    )

    assert [(name, status) for name, status, _ in answers] == [
        ("parent", 201),
        ("person", 201),
        ("found", 200),
    ]
    assert answers[2][2]["records"][0]["Account"]["Name"] == "Acme"


def test_without_all_or_none_a_failed_part_stops_its_dependants_only(rest: Rest) -> None:
    answers = composite(
        rest,
        part("bad", "POST", "/sobjects/Account", {}),
        part("lost", "POST", "/sobjects/Contact", {"LastName": "O", "AccountId": "@{bad.id}"}),
        part("fine", "POST", "/sobjects/Contact", {"LastName": "Osei"}),
        part("gone", "GET", "/sobjects/Contact/003SB0000000001"),
    )

    codes = [body[0]["errorCode"] if status >= 400 else "" for _, status, body in answers]
    assert codes == ["REQUIRED_FIELD_MISSING", "PROCESSING_HALTED", "", "NOT_FOUND"]


def test_all_or_none_undoes_collections_inside_too(rest: Rest, sandbox: Running) -> None:
    good = {"attributes": {"type": "Contact"}, "LastName": "Osei"}
    bad = {"attributes": {"type": "Contact"}}

    answers = composite(
        rest,
        part("one", "POST", "/composite/sobjects", {"records": [good]}),
        part("two", "POST", "/composite/sobjects", {"records": [good, bad]}),
        part("three", "POST", "/sobjects/Contact", {"LastName": "Osei"}),
        allOrNone=True,
    )

    assert [status for _, status, _ in answers] == [400, 200, 400]
    assert [each["success"] for each in answers[1][2]] == [False, False]
    assert sandbox.salesforce_control.records("Contact") == []


def test_parts_may_run_in_another_order_unless_told_not_to(rest: Rest) -> None:
    def ids(*, collate: bool) -> list[str]:
        parts = [
            part("a", "POST", "/sobjects/Contact", {"LastName": "1"}),
            part("b", "PATCH", "/sobjects/Contact/CustomerIO_Id__c/x1", {"LastName": "2"}),
            part("c", "POST", "/sobjects/Contact", {"LastName": "3"}),
        ]
        answers = composite(rest, *parts, collateSubrequests=collate)
        assert [name for name, _, _ in answers] == ["a", "b", "c"]
        return [body["id"] for _, _, body in answers]

    collated = ids(collate=True)
    assert sorted(collated) == [collated[0], collated[2], collated[1]]
    rest("DELETE", f"/composite/sobjects?ids={','.join(collated)}")
    in_order = ids(collate=False)
    assert sorted(in_order) == in_order


def test_limits_of_composite_are_held(rest: Rest) -> None:
    limit = part("a", "GET", "/limits")
    query = "/query?q=SELECT+Id+FROM+Lead"

    assert refused(rest, *[{**limit, "referenceId": f"a{n}"} for n in range(26)]) == (
        "LIMIT_EXCEEDED"
    )
    assert refused(rest, *[part(f"a{n}", "GET", query) for n in range(6)]) == "LIMIT_EXCEEDED"
    assert refused(rest, limit, limit) == "INVALID_INPUT"
    assert refused(rest, {**limit, "referenceId": "a-1"}) == "INVALID_INPUT"
    assert refused(rest, {"method": "GET"}) == "JSON_PARSER_ERROR"
    assert len(composite(rest, *[part(f"a{n}", "GET", query) for n in range(5)])) == 5


def test_composite_is_one_call_and_batch_one_for_each(rest: Rest) -> None:
    def used() -> int:
        daily = rest("GET", "/limits").json()["DailyApiRequests"]
        return int(daily["Max"] - daily["Remaining"])

    before = used()
    composite(rest, part("a", "GET", "/limits"), part("b", "GET", "/limits"))
    between = used()
    requests_ = [{"method": "GET", "url": f"v65.0/{path}"} for path in ("limits", "nothing")]
    answer = rest("POST", "/composite/batch", json={"batchRequests": requests_}).json()

    assert (between - before, used() - between) == (2, 4)
    assert answer["hasErrors"]
    assert [each["statusCode"] for each in answer["results"]] == [200, 404]


def test_batch_halts_on_error_when_asked(rest: Rest) -> None:
    requests_ = [{"method": "GET", "url": f"v65.0/{path}"} for path in ("nothing", "limits")]

    answer = rest(
        "POST", "/composite/batch", json={"batchRequests": requests_, "haltOnError": True}
    )

    assert [each["statusCode"] for each in answer.json()["results"]] == [404, 412]


def test_a_long_query_fits_inside_composite(rest: Rest) -> None:
    text = "','".join(f"person-{n}@customers.example" for n in range(900))
    query = f"/query?q=SELECT+Id+FROM+Contact+WHERE+Email+IN+('{text}')"

    [(_, status, body)] = composite(rest, part("a", "GET", query))

    assert (status, body["totalSize"]) == (200, 0)
