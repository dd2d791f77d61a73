"""Rows get one final answer each; only those refused for now go again, in smaller batches."""

import time
from itertools import groupby
from typing import Any

import pytest

from destination_salesforce_intro.changes import Create, Row, Update
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.batches import Target
from destination_salesforce_intro.salesforce.bulk import to_csv
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.choice import WriteApi
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.sender import Sender
from sandbox.serve import Running
from unit_tests.destination.builders import upsert
from unit_tests.destination.harness import client_of

KEY = "CustomerIO_Id__c"


def sender(
    client: SalesforceClient, write_api: WriteApi = "auto", said: list[str] | None = None
) -> Sender:
    log = (said if said is not None else []).append
    return Sender(client, write_api, lambda: 0.0, lambda _s: None, log)


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


def test_a_row_that_spoils_its_batch_is_found_in_four_more_calls(
    box: Running, client: SalesforceClient
) -> None:
    """By halves it would be eight; the others are written on the way."""
    box.salesforce_control.do({"settings": {"wrong_type": "request"}})
    rows = [create(n, Cart_Value__c="x" if n == 137 else 1.0) for n in range(200)]
    refused = [a.row for a in sender(client).send(rows) if a.verdict is Verdict.REJECT]

    assert refused == [rows[137]]
    assert len(box.salesforce_control.records("Contact")) == 199
    assert calls(box) == 5


def test_rows_that_all_spoil_their_calls_are_refused_each(
    box: Running, client: SalesforceClient
) -> None:
    box.salesforce_control.do({"settings": {"wrong_type": "request"}})
    rows = [create(n, Cart_Value__c="x") for n in range(30)]

    assert [a.verdict for a in sender(client).send(rows)] == [Verdict.REJECT] * 30


def test_a_lock_on_one_row_costs_a_call_a_round_and_holds_nobody_else_up(
    box: Running, client: SalesforceClient
) -> None:
    list(sender(client).send([create(n) for n in range(1_000)]))
    lock(box, 3, **{KEY: "p7"})
    box.salesforce_control.reset_writes()
    before = calls(box)
    answers = list(sender(client).send([create(n, Title="t") for n in range(1_000)]))

    assert [a.verdict for a in answers] == [None] * 1_000
    assert calls(box) - before == 4
    assert box.salesforce_control.writes()["updated"] == 1_000


def test_a_batch_held_up_whole_is_cut_and_the_rest_of_it_gets_through(
    box: Running, client: SalesforceClient
) -> None:
    (account,) = box.salesforce_control.do(
        {"create": {"object": "Account", "records": [{"Name": "A"}]}}
    )[0]
    box.salesforce_control.do({"lock": {"object": "Account", "ids": [account], "times": 3}})
    rows = [create(n, AccountId=account) for n in range(200)]
    answers = list(sender(client).send(rows))

    assert [a.verdict for a in answers] == [None] * 200
    assert calls(box) == 4  # whole; in five, of which two are refused; those in ten, two calls


def test_a_request_that_is_too_large_is_sent_by_batches_and_then_cut(
    box: Running, client: SalesforceClient
) -> None:
    box.salesforce_control.fault({"status": 413}, times=3, path="/composite$")
    answers = list(sender(client, "rest").send([create(n) for n in range(400)]))

    assert [a.verdict for a in answers] == [None] * 400
    assert box.salesforce_control.faults() == []


def test_rows_of_one_parent_are_written_side_by_side(
    box: Running, client: SalesforceClient
) -> None:
    """Else each batch would wait for the locks of all parents."""
    made = [{"Name": f"A{n}"} for n in range(3)]
    (accounts,) = box.salesforce_control.do({"create": {"object": "Account", "records": made}})
    rows = [create(n, AccountId=accounts[n % 3]) for n in range(30)]
    list(sender(client).send(rows))
    stored = sorted(box.salesforce_control.records("Contact"), key=lambda row: str(row["Id"]))

    assert [account for account, _ in groupby(row["AccountId"] for row in stored)] == accounts


def test_what_is_sent_twice_for_one_record_ends_as_sent_last(
    box: Running, client: SalesforceClient
) -> None:
    rows = [create(n % 3, Title=str(n)) for n in range(9)]
    list(sender(client, "bulk").send(rows))

    assert [row["Title"] for row in box.salesforce_control.records("Contact")] == ["6", "7", "8"]


# --- which way -----------------------------------------------------------------------------


def test_the_way_is_told_when_it_changes_and_not_again(client: SalesforceClient) -> None:
    said: list[str] = []
    sending = sender(client, "auto", said)
    rows = [create(n) for n in range(2_000)]
    for size in (1_999, 2_000, 2_000, 10, 10):
        list(sending.send(rows[:size]))

    assert [text for text in said if "go by" in text] == [
        "2000 rows to upsert in Contact go by Bulk API: 2000 rows or more.",
        "10 rows to upsert in Contact go by REST: fewer than 2000 rows.",
    ]


def test_what_csv_cannot_say_goes_over_rest(box: Running, client: SalesforceClient) -> None:
    answers = list(sender(client, "bulk").send([create(1), create(2, Title="#N/A")]))

    assert [a.verdict for a in answers] == [None, None]
    assert {row["Title"] for row in box.salesforce_control.records("Contact")} == {None, "#N/A"}


BATCHES_USED_UP = "the day's Bulk API batches are used up to the reserve"


def test_what_the_day_leaves_of_bulk_decides_the_way(box: Running) -> None:
    box.salesforce_control.do({"quota": {"of": "DailyBulkApiBatches", "max": 10, "used": 8}})
    client, said = client_of(box), list[str]()
    rows = [create(n) for n in range(2_000)]
    answers = list(sender(client, "auto", said).send(rows))

    assert [a.verdict for a in answers] == [None] * 2_000
    assert said == [f"2000 rows to upsert in Contact go by REST: {BATCHES_USED_UP}."]
    with pytest.raises(ConnectorError, match="Bulk API batches") as caught:
        list(sender(client, "bulk").send(rows))
    assert caught.value.fault is Fault.TRANSIENT


def test_few_calls_left_send_more_rows_over_rest(box: Running) -> None:
    box.salesforce_control.do({"quota": {"max": 1_000, "used": 750}})
    said: list[str] = []
    list(sender(client_of(box), "auto", said).send([create(n) for n in range(2_000)]))

    assert "fewer" in said[0]
    assert calls(box) == 2


def test_jobs_on_several_objects_run_side_by_side(box: Running, client: SalesforceClient) -> None:
    rows: list[Row] = [create(n) for n in range(20)]
    rows += [
        r._replace(object="Lead", fields={**r.fields, "Company": "c"})
        for r in map(create, range(20))
    ]
    answers = list(sender(client, "bulk").send(rows))
    log = [each["request"] for each in box.salesforce_control.requests()["recent"]]
    uploads = [at for at, request in enumerate(log) if request.startswith("PUT")]
    polls = [
        at
        for at, request in enumerate(log)
        if request.endswith("/ingest/{job}") and "GET" in request
    ]

    assert {a.verdict for a in answers} == {None}
    assert len(uploads) == 2
    assert max(uploads) < min(polls)


# --- what a dead run left ------------------------------------------------------------------


@pytest.mark.parametrize("write_api", ["auto", "rest", "bulk"])
def test_a_job_that_a_dead_run_left_running_overwrites_nothing_newer(
    box: Running, client: SalesforceClient, write_api: WriteApi
) -> None:
    box.salesforce_control.post("bulk", {"queued_s": 0.5})
    dead = BulkJobs(client, time.sleep, lambda _text: None)
    left = dead._upload(Target("upsert", "Contact", KEY), to_csv([create(1, Title="old")]))
    living = Sender(
        client, write_api, time.time, lambda s: time.sleep(min(s, 0.1)), lambda _s: None
    )
    list(living.send([create(1, Title="new")]))
    dead._finish(left)

    assert [row["Title"] for row in box.salesforce_control.records("Contact")] == ["new"]


def test_a_user_who_may_see_no_jobs_writes_over_rest(
    box: Running, client: SalesforceClient
) -> None:
    hidden = [{"errorCode": "API_DISABLED_FOR_ORG", "message": ""}]
    box.salesforce_control.fault({"status": 403, "body": hidden}, path="/jobs/ingest")

    assert [a.verdict for a in sender(client, "rest").send([create(1)])] == [None]
