"""Bulk jobs against the sandbox: every step survives trouble, every row gets its answer."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from destination_salesforce_intro.changes import Create
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.salesforce.batches import Target
from destination_salesforce_intro.salesforce.bulk import to_csv
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.client import SalesforceClient
from sandbox.serve import Running
from unit_tests.destination.builders import upsert

TARGET = Target("upsert", "Contact", "CustomerIO_Id__c")
ROWS = [
    Create(
        upsert(),
        "Contact",
        "CustomerIO_Id__c",
        {"CustomerIO_Id__c": f"P{n}", "LastName": "Ünal\nO"},
    )
    for n in range(450)
]


@pytest.fixture
def jobs(client: SalesforceClient) -> BulkJobs:
    return BulkJobs(client, lambda _s: None, lambda _text: None)


def write(jobs: BulkJobs, rows: Sequence[Create]) -> Iterator[Answer]:
    return jobs.write({TARGET: rows})


def held(box: Running) -> Counter[str]:
    return Counter(row["CustomerIO_Id__c"] for row in box.salesforce_control.records("Contact"))


def test_a_job_writes_its_rows_and_reports_each(box: Running, jobs: BulkJobs) -> None:
    answers = list(write(jobs, ROWS))

    assert {(a.verdict, a.created) for a in answers} == {(None, True)}
    assert len(answers) == 450
    assert set(held(box).values()) == {1}
    assert {row["LastName"] for row in box.salesforce_control.records("Contact")} == {"Ünal\nO"}


def test_refused_rows_keep_their_reason(jobs: BulkJobs) -> None:
    nameless = Create(upsert(), "Contact", "CustomerIO_Id__c", {"CustomerIO_Id__c": "bad"})
    answers = list(write(jobs, [*ROWS[:3], nameless]))
    refused = [a for a in answers if a.verdict]

    assert [a.row for a in refused] == [nameless]
    assert refused[0].refusal.code == "REQUIRED_FIELD_MISSING"


PAGE = {"garbage": "<html>maintenance</html>"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
@pytest.mark.parametrize("action", [{"reset": "before"}, {"reset": "after"}, {"status": 503}, PAGE])
def test_every_step_survives_trouble(
    box: Running, jobs: BulkJobs, method: str, action: dict[str, Any]
) -> None:
    box.salesforce_control.fault(action, method=method, path="/jobs/ingest")
    answers = list(write(jobs, ROWS))

    assert [a.verdict for a in answers] == [None] * 450
    assert set(held(box).values()) == {1}


def test_pages_instead_of_answers_to_upload_and_close_lose_nothing(
    box: Running, jobs: BulkJobs
) -> None:
    """A page with status 200 was taken for an upload, and the job could not be closed."""
    box.salesforce_control.fault(PAGE, method="PUT", path="/batches")
    box.salesforce_control.fault(PAGE, method="PATCH", path="/jobs/ingest")
    answers = list(write(jobs, ROWS[:5]))

    assert [a.verdict for a in answers] == [None] * 5
    assert len(held(box)) == 5


def test_a_job_that_fails_half_way_tells_what_it_did_not_do(box: Running, jobs: BulkJobs) -> None:
    """Airbyte's destination returned normally here, and the rows were lost."""
    trouble = {"fails_after_rows": 200, "drops_result_rows": 30}
    box.salesforce_control.post("bulk", {"next_job": trouble})
    answers = Counter(a.verdict for a in write(jobs, ROWS))

    assert sum(held(box).values()) == 200
    assert answers == {None: 170, Verdict.RETRY: 250, Verdict.LOOK_AGAIN: 30}


def test_results_that_come_in_pages_are_all_read(box: Running, jobs: BulkJobs) -> None:
    box.salesforce_control.post("bulk", {"result_page_rows": 100})

    assert [a.verdict for a in write(jobs, ROWS)] == [None] * 450


def test_a_session_that_ends_in_the_middle_is_renewed(box: Running, jobs: BulkJobs) -> None:
    box.salesforce_control.do({"expire_sessions": {"after_requests": 3}})

    assert {a.verdict for a in write(jobs, ROWS)} == {None}


def test_a_column_that_does_not_exist_is_for_the_operator(jobs: BulkJobs) -> None:
    row = Create(upsert(), "Contact", "CustomerIO_Id__c", {"CustomerIO_Id__c": "a", "Nmae": "x"})
    with pytest.raises(ConnectorError) as caught:
        list(write(jobs, [row]))

    assert caught.value.fault is Fault.CONFIG


def test_a_job_that_a_dead_run_left_running_is_waited_for(
    box: Running, client: SalesforceClient
) -> None:
    """Else its older values would come over newer ones."""
    box.salesforce_control.post("bulk", {"queued_s": 0.3})
    dead = BulkJobs(client, lambda _s: None, lambda _text: None)
    dead._upload(TARGET, to_csv(ROWS[:5]))
    said: list[str] = []
    BulkJobs(client, time.sleep, said.append).settle_abandoned({"Contact"})

    assert len(said) == 1
    assert sum(held(box).values()) == 5


def test_jobs_on_other_objects_and_finished_ones_are_not_waited_for(
    client: SalesforceClient,
) -> None:
    said: list[str] = []
    jobs = BulkJobs(client, time.sleep, said.append)
    list(write(jobs, ROWS[:1]))
    del said[:]
    jobs.settle_abandoned({"Contact"})
    jobs.settle_abandoned({"Lead"})

    assert said == []
