"""Rows get one final answer each; only those refused for now go again, in smaller batches."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Create, Row, Update
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.sender import Sender, WriteApi, parents
from sandbox.serve import Running
from unit_tests.destination.builders import upsert

KEY = "CustomerIO_Id__c"


def sender(
    client: SalesforceClient, write_api: WriteApi = "auto", said: list[str] | None = None
) -> Sender:
    log = (said if said is not None else []).append
    jobs = BulkJobs(client, lambda _s: None, log)
    return Sender(client, jobs, write_api, lambda _s: None, log)


def create(number: int, **fields: Any) -> Create:
    return Create(upsert(), "Contact", KEY, {KEY: f"p{number}", "LastName": "x", **fields})


def calls(box: Running) -> int:
    counts: dict[str, int] = box.salesforce_control.requests()["counts"]
    return counts.get("POST /services/data/v{version}/composite", 0)


def lock(box: Running, times: int, **where: str) -> None:
    box.salesforce_control.do({"lock": {"object": "Contact", "where": where, "times": times}})


def test_a_thousand_rows_of_several_verbs_are_one_call(
    box: Running, client: SalesforceClient
) -> None:
    made = list(sender(client, "rest").send([create(n) for n in range(400)]))
    ids = [row["Id"] for row in box.salesforce_control.records("Contact")]
    before = calls(box)
    mixed: list[Row] = [create(n) for n in range(400, 800)]
    mixed += [Update(upsert(), "Contact", id_, {"Title": "t"}) for id_ in ids]
    answers = list(sender(client, "rest").send(mixed))

    assert {a.verdict for a in made + answers} == {None}
    assert calls(box) - before == 1


def test_only_locked_rows_are_sent_again(box: Running, client: SalesforceClient) -> None:
    list(sender(client).send([create(n) for n in range(250)]))
    lock(box, 2, **{KEY: "p7"})
    box.salesforce_control.reset_writes()
    answers = list(sender(client).send([create(n, Title="t") for n in range(250)]))

    assert [a.verdict for a in answers] == [None] * 250
    assert box.salesforce_control.writes()["updated"] == 250


def test_a_lock_that_never_ends_is_transient(box: Running, client: SalesforceClient) -> None:
    list(sender(client).send([create(1)]))
    lock(box, -1, **{KEY: "p1"})
    with pytest.raises(ConnectorError, match="UNABLE_TO_LOCK_ROW") as caught:
        list(sender(client).send([create(1, Title="t"), create(2)]))

    assert caught.value.fault is Fault.TRANSIENT


def test_a_row_that_spoils_its_call_is_refused_once_it_is_alone(
    box: Running, client: SalesforceClient
) -> None:
    """A value of the wrong form makes Salesforce refuse the whole call, not the row."""
    spoilt = [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}]
    part = {"httpStatusCode": 400, "body": spoilt, "referenceId": "part0"}
    box.salesforce_control.fault(
        {"status": 200, "body": {"compositeResponse": [part]}}, times=None, path="/composite$"
    )
    (answer,) = sender(client, "rest").send([create(14)])

    assert answer.verdict is Verdict.REJECT
    assert answer.refusal.code == "JSON_PARSER_ERROR"


def test_a_request_refused_for_its_size_is_cut(box: Running, client: SalesforceClient) -> None:
    box.salesforce_control.fault({"status": 413}, times=2, path="/composite$")

    assert len(list(sender(client, "rest").send([create(n) for n in range(300)]))) == 300


def test_the_choice_of_api_goes_by_the_number_of_rows_and_is_told(
    client: SalesforceClient,
) -> None:
    said: list[str] = []
    rows = [create(n) for n in range(2_000)]
    list(sender(client, "auto", said).send(rows[:1_999]))
    few = list(said)
    list(sender(client, "auto", said).send([*rows, create(9_999, Title="#N/A")]))

    assert few == []
    assert said[0] == (
        "2000 rows to upsert in Contact go by Bulk API (2000 or more), 1 that its CSV cannot say "
        "over REST."
    )


def test_rows_of_one_parent_are_written_side_by_side() -> None:
    first, second = "001000000000001AAA", "001000000000002AAA"
    rows = [create(n, AccountId=(first, second)[n % 2]) for n in range(4)]

    assert [parents(row) for row in sorted(rows, key=parents)] == [(first,)] * 2 + [(second,)] * 2
    assert parents(create(1)) == ()
