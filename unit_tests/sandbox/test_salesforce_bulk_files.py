"""The CSV of Bulk jobs, apart from any job."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.bulk.bodies import Delimiter, LineEnding, Request
from sandbox.salesforce.bulk.files import (
    BadUploadError,
    Column,
    Results,
    column_named,
    line,
    read_table,
    record,
    result_lines,
)
from sandbox.salesforce.bulk.pages import page_of

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
FORMATS = st.builds(
    Request,
    operation=st.just("insert"),
    columnDelimiter=st.sampled_from(Delimiter),
    lineEnding=st.sampled_from(LineEnding),
)


def written(rows: list[list[str]], request: Request) -> bytes:
    text = io.StringIO()
    csv.writer(
        text,
        delimiter=request.columnDelimiter.char,
        lineterminator=request.lineEnding.chars,
        quoting=csv.QUOTE_ALL,
    ).writerows(rows)
    return text.getvalue().encode()


@settings(max_examples=60)
@given(FORMATS, st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4))
def test_what_a_csv_writer_writes_is_read_back(request_: Request, rows: list[list[str]]) -> None:
    table = read_table(written([["A", "B"], *rows], request_), request_)

    assert table == (["A", "B"], rows)


@settings(max_examples=60)
@given(FORMATS, st.lists(CELLS, min_size=1, max_size=4))
def test_what_is_answered_a_csv_reader_reads(request_: Request, cells: list[str]) -> None:
    delimiter = request_.columnDelimiter.char
    text = line(cells, delimiter) + request_.lineEnding.chars

    [read] = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)

    assert read == cells


@settings(max_examples=30)
@given(st.lists(CELLS, min_size=1, max_size=30), st.integers(1, 10))
def test_pages_put_together_are_all_rows_in_order(rows: list[str], size: int) -> None:
    locator = ""
    got: list[str] = []
    while locator != "null":
        page = page_of(["header", *rows], locator, size)
        assert page.lines[0] == "header"
        assert page.rows == len(page.lines) - 1 <= size
        got += page.lines[1:]
        locator = page.locator

    assert got == rows


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Email", Column("Email")),
        ("Account.Acct_Key__c", Column("Account", "Acct_Key__c")),
        ("Contact:Who.Email", Column("Who", "Email", "Contact")),
    ],
)
def test_header_names_a_field_or_a_parent_s_key(header: str, column: Column) -> None:
    assert column_named(header) == column


def test_cells_become_what_json_would_have_brought() -> None:
    columns = [
        column_named(name) for name in ("A", "B", "C", "Account.Key__c", "Contact:Who.Email")
    ]

    row = record(columns, ["text", "", "#N/A", "k", "e"])

    assert row == {
        "A": "text",
        "C": None,
        "Account": {"Key__c": "k"},
        "Who": {"attributes": {"type": "Contact"}, "Email": "e"},
    }


@pytest.mark.parametrize("cells", [["x" * 131_073, "y"], ["x" * 131_072] * 4])
def test_cell_or_row_that_is_too_long_cannot_be_read(cells: list[str]) -> None:
    request = Request(operation="insert")
    header = [f"C{at}" for at in range(len(cells))]

    with pytest.raises(BadUploadError, match="Failed to parse CSV"):
        read_table(written([header, cells], request), request)


@pytest.mark.parametrize("field_size_limit", [131_072, 1_000_000])
def test_longest_cell_is_read_and_the_limit_is_our_own(field_size_limit: int) -> None:
    request = Request(operation="insert")
    before = csv.field_size_limit(field_size_limit)
    try:
        table = read_table(written([["A"], ["x" * 131_072]], request), request)
        with pytest.raises(BadUploadError):
            read_table(written([["A"], ["x" * 131_073]], request), request)
    finally:
        csv.field_size_limit(before)

    assert len(table.rows[0][0]) == 131_072


def test_disorder_of_results_is_the_same_for_the_same_job() -> None:
    results = Results(("sf__Id", "sf__Created"), [(str(n), "true", [str(n)]) for n in range(20)])

    def lines(seed: str) -> list[str]:
        return result_lines(results, ["A"], Request(operation="insert"), seed)

    assert lines("one") == lines("one")
    assert lines("one") != lines("other")
    assert sorted(lines("one")) == sorted(lines("other"))
