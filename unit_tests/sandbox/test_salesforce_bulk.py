"""Bulk API 2.0 over HTTP: the life of a job, its files, its traps."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests

from sandbox.serve import Running, running

HALTED = "InternalServerError : Batch failed. Retry limit exceeded"
UPSERT = {"object": "Contact", "operation": "upsert", "externalIdFieldName": "CustomerIO_Id__c"}
HEADER = "CustomerIO_Id__c,LastName,Email\n"
TIMEOUT_S = 30


class Bulk:
    """A session on the Bulk API of a sandbox."""

    def __init__(self, box: Running) -> None:
        self.control = box.salesforce_control
        self.base = f"{box.salesforce}/services/data/v65.0/jobs/"
        self.session = requests.Session()
        form = {"grant_type": "refresh_token", **box.salesforce_auth["refresh_token"]}
        login = requests.post(f"{box.salesforce}/services/oauth2/token", data=form, timeout=10)
        self.session.headers["Authorization"] = f"Bearer {login.json()['access_token']}"

    def send(self, method: str, path: str, **request: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=TIMEOUT_S, **request)

    def create(self, **wanted: Any) -> str:
        answer = self.send("POST", "ingest", json=wanted or UPSERT)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def upload(self, job: str, content: str | bytes) -> requests.Response:
        data = content.encode() if isinstance(content, str) else content
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        return self.send("PUT", f"ingest/{job}/batches", data=data, headers=headers)

    def patch(self, job: str, state: str) -> requests.Response:
        return self.send("PATCH", f"ingest/{job}", json={"state": state})

    def settled(self, job: str, kind: str = "ingest") -> dict[str, Any]:
        """Poll until the job is over."""
        for _ in range(TIMEOUT_S * 100):
            info: dict[str, Any] = self.send("GET", f"{kind}/{job}").json()
            if info["state"] in ("JobComplete", "Failed", "Aborted"):
                return info
            time.sleep(0.01)
        raise AssertionError(info)

    def run(self, content: str | bytes, **wanted: Any) -> dict[str, Any]:
        """Take a job from its creation to its end."""
        job = self.create(**wanted)
        assert self.upload(job, content).status_code == 201
        assert self.patch(job, "UploadComplete").json()["state"] == "UploadComplete"
        return self.settled(job)

    def file(self, job: str, name: str) -> str:
        answer = self.send("GET", f"ingest/{job}/{name}/")
        assert answer.status_code == 200, answer.text
        return answer.content.decode()

    def rows(self, job: str, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.file(job, name), newline="")))


class Error(NamedTuple):
    status: int
    code: str
    message: str


def refusal(answer: requests.Response) -> Error:
    [error] = answer.json()
    return Error(answer.status_code, error["errorCode"], error["message"])


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(people=0) as servers:
        yield servers


@pytest.fixture
def bulk(box: Running) -> Iterator[Bulk]:
    """A session; the org is empty of contacts and nothing is broken when it starts."""
    bulk = Bulk(box)
    bulk.control.delete("bulk")
    contacts = [record["Id"] for record in bulk.control.records("Contact")]
    bulk.control.do(*({"delete": {"object": "Contact", "ids": [each]}} for each in contacts))
    yield bulk
    bulk.session.close()


def lines(count: int) -> str:
    return HEADER + "".join(f"k{n},Name {n},p{n}@example.com\n" for n in range(count))


def test_job_goes_from_open_to_complete_and_its_rows_are_in_the_org(bulk: Bulk) -> None:
    opened = bulk.send("GET", f"ingest/{bulk.create()}").json()
    done = bulk.run(lines(450))

    assert (opened["state"], opened["jobType"]) == ("Open", "V2Ingest")
    assert opened["contentUrl"] == f"services/data/v65.0/jobs/ingest/{opened['id']}/batches"
    assert done["state"] == "JobComplete"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (450, 0)
    keys = {record["CustomerIO_Id__c"] for record in bulk.control.records("Contact")}
    assert keys == {f"k{n}" for n in range(450)}


def test_results_are_shuffled_quoted_and_in_alphabetical_columns(bulk: Bulk) -> None:
    job = bulk.run(lines(50))["id"]
    text = bulk.file(job, "successfulResults")
    keys = [row["CustomerIO_Id__c"] for row in bulk.rows(job, "successfulResults")]

    header, first, *_ = text.split("\n")
    assert header == '"sf__Id","sf__Created",CustomerIO_Id__c,Email,LastName'
    assert first.startswith('"003')
    assert sorted(keys) == sorted(f"k{n}" for n in range(50))
    assert keys != [f"k{n}" for n in range(50)]


def test_created_and_updated_rows_are_told_apart(bulk: Bulk) -> None:
    bulk.run(HEADER + "k1,One,\n")
    job = bulk.run(HEADER + "k1,Uno,\nk2,Two,\n")["id"]

    created = {
        row["CustomerIO_Id__c"]: row["sf__Created"] for row in bulk.rows(job, "successfulResults")
    }

    assert created == {"k1": "false", "k2": "true"}


def test_failed_rows_carry_code_message_and_fields_beside_the_others(bulk: Bulk) -> None:
    done = bulk.run(HEADER + "k1,,\nk2,Two,nonsense\nk3,Three,c@example.com\n")

    errors = {
        row["CustomerIO_Id__c"]: row["sf__Error"] for row in bulk.rows(done["id"], "failedResults")
    }

    assert done["state"] == "JobComplete"
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (3, 2)
    assert errors == {
        "k1": "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
        "k2": "INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --",
    }


def test_empty_cell_leaves_a_value_and_the_null_mark_clears_it(bulk: Bulk) -> None:
    bulk.run(HEADER + "k1,One,a@example.com\nk2,Two,b@example.com\n")
    bulk.run('CustomerIO_Id__c,Email\nk1,""\nk2,#N/A\n')

    emails = {
        record["CustomerIO_Id__c"]: record["Email"] for record in bulk.control.records("Contact")
    }

    assert emails == {"k1": "a@example.com", "k2": None}


def test_quotes_newlines_and_other_alphabets_go_there_and_back(bulk: Bulk) -> None:
    name = 'Zoë "Z" Ωmega,\nsecond line'
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [["CustomerIO_Id__c", "LastName", "Description"], ["k1", "One", name]]
    )

    job = bulk.run(text.getvalue())["id"]

    [record] = bulk.control.records("Contact")
    [row] = bulk.rows(job, "successfulResults")
    assert record["Description"] == name
    assert row["Description"] == name


@pytest.mark.parametrize(
    ("delimiter", "char"), [("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^")]
)
def test_other_delimiters_and_line_endings_are_used_both_ways(
    bulk: Bulk, delimiter: str, char: str
) -> None:
    content = f"CustomerIO_Id__c{char}LastName\r\nk1{char}One, two\r\n"

    done = bulk.run(content, **UPSERT, columnDelimiter=delimiter, lineEnding="CRLF")

    assert done["state"] == "JobComplete"
    text = bulk.file(done["id"], "successfulResults")
    assert text.split("\r\n")[0] == char.join(
        ['"sf__Id"', '"sf__Created"', "CustomerIO_Id__c", "LastName"]
    )
    assert text.endswith(f'"k1"{char}"One, two"\r\n')


def test_parent_is_found_by_a_key_of_its_own(bulk: Bulk) -> None:
    bulk.run("Acct_Key__c,Name\nA9,Acme\n", object="Account", operation="insert")
    done = bulk.run("CustomerIO_Id__c,LastName,Account.Acct_Key__c\nk1,One,A9\nk2,Two,A0\n")

    [account] = bulk.control.records("Account")
    [contact] = bulk.control.records("Contact")
    [failed] = bulk.rows(done["id"], "failedResults")
    assert contact["AccountId"] == account["Id"]
    assert failed["sf__Error"].startswith("INVALID_FIELD:Foreign key external ID: A0 not found")


def test_update_and_delete_go_by_id_and_echo_the_id_of_a_refused_row(bulk: Bulk) -> None:
    bulk.run(HEADER + "k1,One,\nk2,Two,\n")
    one, two = sorted(record["Id"] for record in bulk.control.records("Contact"))
    bulk.run(f"Id,LastName\n{one},Uno\n", object="Contact", operation="update")
    bulk.run(f"Id\n{two}\n", object="Contact", operation="delete")

    again = bulk.run(f"Id\n{two}\n", object="Contact", operation="delete")

    [left] = bulk.control.records("Contact")
    [row] = bulk.rows(again["id"], "failedResults")
    assert left["LastName"] == "Uno"
    assert (row["sf__Id"], row["sf__Error"]) == (two, "ENTITY_IS_DELETED:entity is deleted:--")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("CustomerIO_Id__c,Nmae\nk1,x\n", "InvalidBatch : Field name not found : Nmae"),
        ("CustomerIO_Id__c,Boss.Name\nk1,x\n", "InvalidBatch : Field name not found : Boss.Name"),
        ("LastName\nx\n", "InvalidBatch : Field name not found : CustomerIO_Id__c"),
        ("CustomerIO_Id__c,LastName\r\nk1,x\r\n",
         ("ClientInputError : LineEnding is invalid on user data."
          " Current LineEnding setting is LF")),
        (b"CustomerIO_Id__c,LastName\nk1,\xe9\n", "ClientInputError : Failed to parse CSV"),
        ("CustomerIO_Id__c,LastName\nk1\n",
         "ClientInputError : Failed to parse CSV: a row has 1 columns where the header has 2"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_read_fails_the_whole_job(
    bulk: Bulk, content: str | bytes, message: str
) -> None:
    done = bulk.run(content)

    assert (done["state"], done["errorMessage"]) == ("Failed", message)
    assert bulk.control.records("Contact") == []


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"object": "Nothing"}, "INVALIDENTITY", "InvalidEntity : Entity 'Nothing'"),
        ({"externalIdFieldName": "Title"}, "INVALIDJOB",
         ("InvalidJob : Field name provided, Title does not match an External ID, Salesforce Id,"
          " or indexed field for Contact")),
        ({"externalIdFieldName": None}, "INVALIDJOB", "InvalidJob : External ID was blank"),
        ({"operation": "hardDelete"}, "FEATURENOTENABLED", "FeatureNotEnabled : hardDelete"),
        ({"operation": "merge"}, "JSON_PARSER_ERROR", "Input should be"),
        ({"columnDelimiter": "COLON"}, "JSON_PARSER_ERROR", "Input should be"),
        ({"colour": "red"}, "JSON_PARSER_ERROR", "Extra inputs are not permitted at [colour]"),
    ],
)  # fmt: skip
def test_job_that_cannot_be_is_refused(
    bulk: Bulk, changed: dict[str, Any], code: str, message: str
) -> None:
    error = refusal(bulk.send("POST", "ingest", json={**UPSERT, **changed}))

    assert error[:2] == (400, code)
    assert error.message.startswith(message)


@pytest.mark.parametrize("key", ["CustomerIO_Id__c", "Email", "Id", "Legacy_Id__c"])
def test_external_id_id_lookup_and_id_are_keys(bulk: Bulk, key: str) -> None:
    assert bulk.create(**{**UPSERT, "externalIdFieldName": key}).startswith("750")


def test_second_upload_makes_closing_fail(bulk: Bulk) -> None:
    job = bulk.create()
    bulk.upload(job, lines(1))
    bulk.upload(job, lines(1))

    error = refusal(bulk.patch(job, "UploadComplete"))

    assert error[:2] == (400, "INVALIDJOB")
    assert error.message.startswith(f"InvalidJob : Found multipe contents for job: <{job}>")
    assert bulk.patch(job, "Aborted").json()["state"] == "Aborted"
    assert bulk.control.records("Contact") == []


def test_state_decides_what_may_be_asked(bulk: Bulk) -> None:
    job = bulk.create()
    assert refusal(bulk.patch(job, "UploadComplete")).code == "INVALIDJOB"
    assert refusal(bulk.patch(job, "JobComplete")).code == "INVALIDJOBSTATE"
    assert refusal(bulk.send("DELETE", f"ingest/{job}")).code == "INVALIDJOBSTATE"
    assert refusal(bulk.send("GET", f"ingest/{job}/failedResults")).code == "INVALIDJOBSTATE"

    bulk.patch(job, "Aborted")

    assert refusal(bulk.upload(job, lines(1))).code == "INVALIDJOBSTATE"
    assert refusal(bulk.patch(job, "Aborted")).code == "INVALIDJOBSTATE"
    assert bulk.send("DELETE", f"ingest/{job}").status_code == 204
    assert refusal(bulk.send("GET", f"ingest/{job}")).code == "NOT_FOUND"


def test_jobs_are_listed_the_newest_first(bulk: Bulk) -> None:
    older, newer = bulk.create(), bulk.create()

    listed = [record["id"] for record in bulk.send("GET", "ingest/").json()["records"]]

    assert listed[:2] == [newer, older]


def test_job_that_fails_half_way_keeps_what_it_wrote_and_lists_the_rest(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"next_job": {"fails_after_rows": 250}})

    done = bulk.run(lines(600))

    assert (done["state"], done["errorMessage"]) == ("Failed", HALTED)
    assert done["numberRecordsProcessed"] == 250
    assert len(bulk.control.records("Contact")) == 250
    written = {row["CustomerIO_Id__c"] for row in bulk.rows(done["id"], "successfulResults")}
    rest = {row["CustomerIO_Id__c"] for row in bulk.rows(done["id"], "unprocessedrecords")}
    assert (len(written), len(rest)) == (250, 350)
    assert written | rest == {f"k{n}" for n in range(600)}
    assert bulk.run(lines(600))["state"] == "JobComplete"


def test_unprocessed_rows_keep_the_uploaded_columns_in_their_order(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"next_job": {"aborts_after_rows": 1}})

    job = bulk.run(lines(2))["id"]

    assert bulk.file(job, "unprocessedRecords") == HEADER + '"k1","Name 1","p1@example.com"\n'


def test_job_aborted_under_way_writes_no_further_row(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"queued_s": 60})
    job = bulk.create()
    bulk.upload(job, lines(10))
    bulk.patch(job, "UploadComplete")

    assert bulk.patch(job, "Aborted").json()["state"] == "Aborted"
    assert bulk.control.records("Contact") == []
    assert len(bulk.rows(job, "unprocessedrecords")) == 10


def test_slow_job_can_be_watched(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"in_progress_s": 60})
    job = bulk.create()
    bulk.upload(job, lines(10))
    bulk.patch(job, "UploadComplete")

    seen = set()
    while "InProgress" not in seen:
        seen.add(bulk.send("GET", f"ingest/{job}").json()["state"])

    assert seen <= {"UploadComplete", "InProgress"}
    assert bulk.patch(job, "Aborted").status_code == 200


def test_rows_can_be_missing_from_the_results(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"next_job": {"drops_result_rows": 3}})

    done = bulk.run(lines(10))

    assert done["numberRecordsProcessed"] == 10
    assert len(bulk.rows(done["id"], "successfulResults")) == 7
    assert len(bulk.control.records("Contact")) == 10


def test_results_say_their_charset_only_when_told_to(bulk: Bulk) -> None:
    job = bulk.run(lines(1))["id"]

    def content_type() -> str:
        answer = bulk.send("GET", f"ingest/{job}/successfulResults")
        return answer.headers["Content-Type"]

    assert content_type() == "text/csv"
    bulk.control.post("bulk", {"charset": True})
    assert content_type() == "text/csv; charset=UTF-8"


def test_results_can_come_in_pages(bulk: Bulk) -> None:
    job = bulk.run(lines(25))["id"]
    bulk.control.post("bulk", {"result_page_rows": 10})

    sizes, locator = [], ""
    while locator != "null":
        path = f"ingest/{job}/successfulResults?locator={locator}"
        answer = bulk.send("GET", path)
        sizes.append(len(answer.text.splitlines()) - 1)
        locator = answer.headers["Sforce-Locator"]

    assert sizes == [10, 10, 5]


def test_upload_must_be_csv(bulk: Bulk) -> None:
    job = bulk.create()
    headers = {"Content-Type": "application/json"}

    answer = bulk.send("PUT", f"ingest/{job}/batches", data=b"{}", headers=headers)

    assert refusal(answer)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")


def query(bulk: Bulk, text: str, operation: str = "query") -> str:
    body = {"operation": operation, "query": text}
    job = str(bulk.send("POST", "query", json=body).json()["id"])
    assert bulk.settled(job, "query")["state"] == "JobComplete"
    return job


def test_query_job_s_results_are_read_in_pages(bulk: Bulk) -> None:
    bulk.run(lines(5))
    job = query(bulk, "SELECT CustomerIO_Id__c, Is_VIP__c, Account.Name FROM Contact ORDER BY Id")

    first = bulk.send("GET", f"query/{job}/results?maxRecords=3")
    locator = first.headers["Sforce-Locator"]
    second = bulk.send("GET", f"query/{job}/results?maxRecords=3&locator={locator}")

    assert first.text.splitlines() == [
        '"CustomerIO_Id__c","Is_VIP__c","Account.Name"',
        *(f'"k{n}","false",""' for n in range(3)),
    ]
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    assert second.text.splitlines()[1:] == ['"k3","false",""', '"k4","false",""']
    assert second.headers["Sforce-Locator"] == "null"


def test_query_all_reads_the_recycle_bin(bulk: Bulk) -> None:
    bulk.run(HEADER + "binned,One,\n")
    [record] = bulk.control.records("Contact")
    bulk.run(f"Id\n{record['Id']}\n", object="Contact", operation="delete")
    text = "SELECT Id FROM Contact WHERE CustomerIO_Id__c = 'binned'"

    def found(operation: str) -> list[str]:
        path = f"query/{query(bulk, text, operation)}/results"
        return bulk.send("GET", path).text.splitlines()[1:]

    assert found("query") == []
    assert found("queryAll") == [f'"{record["Id"]}"']


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nmae FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT COUNT() FROM Contact", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id) FROM Contact", "MALFORMED_QUERY"),
    ],
)
def test_query_that_cannot_be_is_refused_when_created(bulk: Bulk, text: str, code: str) -> None:
    body = {"operation": "query", "query": text}

    assert refusal(bulk.send("POST", "query", json=body))[:2] == (400, code)


def test_query_results_belong_to_the_version_that_asked(bulk: Bulk) -> None:
    job = query(bulk, "SELECT Id FROM Contact")
    url = bulk.base.replace("v65.0", "v64.0")

    answer = bulk.session.get(f"{url}query/{job}/results", timeout=TIMEOUT_S)

    assert answer.status_code == 409


def test_query_job_can_be_aborted_before_it_runs(bulk: Bulk) -> None:
    bulk.control.post("bulk", {"queued_s": 60})
    body = {"operation": "query", "query": "SELECT Id FROM Contact"}
    job = bulk.send("POST", "query", json=body).json()["id"]

    aborted = bulk.send("PATCH", f"query/{job}", json={"state": "Aborted"}).json()

    assert aborted["state"] == "Aborted"
    assert refusal(bulk.send("GET", f"query/{job}/results")).code == "INVALIDJOBSTATE"
    assert bulk.send("DELETE", f"query/{job}").status_code == 204


def test_control_refuses_what_it_does_not_know(bulk: Bulk) -> None:
    with pytest.raises(ValueError, match="400"):
        bulk.control.post("bulk", {"speed": 1})
