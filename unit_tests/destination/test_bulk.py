"""Bulk CSV says what JSON would, and every row of a job ends in exactly one answer."""

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Create, Row, Update
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.salesforce import bulk
from destination_salesforce_intro.salesforce.answers import LOST, Refusal
from destination_salesforce_intro.salesforce.batches import Target, parents
from unit_tests.destination.test_composite import create, delete, update

UPSERT, UPDATE = Target("upsert", "Contact", "Key__c"), Target("update", "Contact", None)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\"',;"), max_size=12
    ),
)
FIELDS = st.dictionaries(st.sampled_from(["A", "B", "C"]), VALUES, max_size=3)


def read_back(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@given(st.lists(FIELDS, min_size=1, max_size=8))
def test_null_clears_absent_leaves_and_text_survives(rows: list[dict[str, Any]]) -> None:
    lines = read_back(bulk.to_csv([update(n, **fields) for n, fields in enumerate(rows)]))

    for fields, line in zip(rows, lines, strict=True):
        for name in line.keys() - {"Id"}:
            value = fields.get(name, "absent")
            if value == "absent" and name not in fields:
                assert line[name] == ""  # Bulk leaves the field alone
            elif value in (None, "") and not isinstance(value, bool):
                assert line[name] == bulk.CLEAR
            else:
                assert line[name] == str(value).lower() if isinstance(value, bool) else str(value)


def test_what_csv_cannot_say_goes_by_rest() -> None:
    assert not bulk.fits(update(1, A="#N/A"))
    assert not bulk.fits(create(None, LastName="x"))
    assert bulk.fits(update(1, A=None))
    assert bulk.fits(delete(1))


def test_rows_that_set_a_parent_by_key_travel_apart_from_those_that_clear_it() -> None:
    rows = [update(1, **{"Account.Key__c": "A9"}), update(2, AccountId=None)]

    assert {content for _, content in bulk.jobs(rows)} == {
        b"Id,Account.Key__c\n003000000000001AAA,A9\n",
        b"Id,AccountId\n003000000000002AAA,#N/A\n",
    }


def test_rows_of_one_parent_share_a_job_where_its_size_allows() -> None:
    """Jobs run side by side, and rows of one parent would wait for each other's lock."""
    accounts = [f"001{n:012d}AAA" for n in range(3)]
    rows = [update(n, AccountId=accounts[n % 3]) for n in range(30)]
    cut = [job for job, _ in bulk.jobs(rows, max_bytes=800)]
    shared = [set(map(parents, job)) for job in cut]

    assert len(cut) == 2
    assert set.intersection(*shared) == set()


@given(st.integers(60, 400))
def test_no_job_is_larger_than_allowed(max_bytes: int) -> None:
    rows = [update(n, A="x" * 20) for n in range(30)]
    cut = list(bulk.jobs(rows, max_bytes))

    assert [row for job, _ in cut for row in job] == rows
    assert all(len(content) <= max_bytes or len(job) == 1 for job, content in cut)


@st.composite
def jobs_and_results(draw: st.DrawFn) -> tuple[list[Row], dict[str, list[str]]]:
    """A job, and which of its keys each result file names, in any order, in any case."""
    keys = draw(st.lists(st.integers(0, 50).map("Key-{}".format), unique=True, max_size=12))
    files: dict[str, list[str]] = {"successful": [], "failed": [], "unprocessed": [], "lost": []}
    for key in draw(st.permutations(keys)):
        respelt = draw(st.sampled_from([key, key.lower(), f" {key}"]))
        files[draw(st.sampled_from(sorted(files)))].append(respelt)
    return [create(key) for key in keys], files


@given(jobs_and_results())
def test_success_failure_unprocessed_and_lost_add_up_to_what_was_sent(
    case: tuple[list[Row], dict[str, list[str]]],
) -> None:
    """Airbyte's destination drops unprocessed rows; RudderStack aborts on a key in other case."""
    rows, files = case
    results = bulk.Results(
        "".join(
            ["sf__Id,sf__Created,Key__c\n", *(f"003,true,{k}\n" for k in files["successful"])]
        ).encode(),
        "".join(
            [
                "sf__Id,sf__Error,Key__c\n",
                *(f",STRING_TOO_LONG:m:F--,{k}\n" for k in files["failed"]),
            ]
        ).encode(),
        "".join(["Key__c\n", *(f"{k}\n" for k in files["unprocessed"])]).encode(),
    )
    answers = bulk.decode(UPSERT, rows, results)

    assert sorted(id(a.row) for a in answers) == sorted(map(id, rows))
    verdicts = [a.verdict for a in answers]
    assert verdicts.count(None) == len(files["successful"])
    assert verdicts.count(Verdict.REJECT) == len(files["failed"])
    assert verdicts.count(Verdict.RETRY) == len(files["unprocessed"])
    assert [a.refusal for a in answers if a.verdict is Verdict.LOOK_AGAIN] == [LOST] * len(
        files["lost"]
    )


def test_updates_are_found_by_id_and_line_ends_inside_cells_stay() -> None:
    row = update(1, A="x\ny")
    content = f'"sf__Id","sf__Created",A,Id\n"{row.id}","false","x\ny","{row.id}"\n'.encode()
    (answer,) = bulk.decode(UPDATE, [row], bulk.Results(content, b"", b""))

    assert answer.verdict is None
    assert next(bulk.lines(content))["A"] == "x\ny"


def test_an_error_is_read_up_to_its_first_colon() -> None:
    text = "UNABLE_TO_LOCK_ROW:unable to obtain: 001xx:--"
    fields = "INVALID_EMAIL_ADDRESS:Email: invalid email address: foo:Email --"

    assert bulk.read_error(text).code == "UNABLE_TO_LOCK_ROW"
    assert bulk.read_error(fields) == Refusal(
        "INVALID_EMAIL_ADDRESS", "Email: invalid email address: foo", ("Email",)
    )


def test_key_of_names_rows_by_key_or_id() -> None:
    made: Create = create("k")
    held: Update = update(1)

    assert (bulk.key_of(made), bulk.key_of(held)) == ("k", held.id)
