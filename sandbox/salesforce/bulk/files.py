"""The CSV of Bulk API 2.0: what is uploaded, and what results look like.

Vendor facts: Bulk API 2.0 guide, "Prepare CSV Files", "Valid CSV Record Rows".
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.salesforce.bulk.bodies import LineEnding, Request
from sandbox.salesforce.schema import SObject

NULL = "#N/A"
MAX_CELL_CHARS = 131_072
MAX_ROW_CHARS = 400_000

Cells = list[str]


class BadUploadError(Exception):
    """Data that makes the whole job fail; the text is the job's ``errorMessage``."""


class Table(NamedTuple):
    """An uploaded CSV: each row has as many cells as there are columns."""

    columns: Cells
    rows: list[Cells]


def read_table(content: bytes, request: Request) -> Table:
    """Parse an upload.

    Raises:
        BadUploadError: It is not UTF-8, not CSV, or has another line ending than the job names.
    """
    try:
        text = content.decode("utf-8")
        _check_line_ending(text, request.lineEnding)
        delimiter = request.columnDelimiter.char
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = next(lines, [])
        return Table(columns, [_checked(cells, columns) for cells in lines if cells])
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadUploadError("ClientInputError : Failed to parse CSV") from error


def _check_line_ending(text: str, expected: LineEnding) -> None:
    header, newline, _ = text.partition("\n")
    found = LineEnding.CRLF if header.endswith("\r") else LineEnding.LF
    if newline and found is not expected:
        raise BadUploadError(
            "ClientInputError : LineEnding is invalid on user data."
            f" Current LineEnding setting is {expected.value}"
        )


def _checked(cells: Cells, columns: Cells) -> Cells:
    if len(cells) != len(columns):
        raise _bad_row(f"a row has {len(cells)} columns where the header has {len(columns)}")
    lengths = [len(cell) for cell in cells]
    if max(lengths) > MAX_CELL_CHARS or sum(lengths) > MAX_ROW_CHARS:
        raise _bad_row(f"a field exceeds {MAX_CELL_CHARS} characters or a row {MAX_ROW_CHARS}")
    return cells


def _bad_row(sentence: str) -> BadUploadError:
    return BadUploadError(f"ClientInputError : Failed to parse CSV: {sentence}")


class Column(NamedTuple):
    """What a header names: a field, or a parent by a key of its own.

    ``Account.Acct_Key__c`` is ``("Account", "Acct_Key__c", None)``, ``Contact:Who.Email`` is
    ``("Who", "Email", "Contact")``.
    """

    name: str
    key: str | None = None
    type: str | None = None

    @property
    def is_parent(self) -> bool:
        """Whether the column names a parent."""
        return self.key is not None

    def put(self, cell: str, row: dict[str, Any]) -> None:
        """Put the cell's value into *row*, as JSON would have it; an empty cell says nothing."""
        if cell:
            value = None if cell == NULL else cell
            row[self.name] = self._parent(value) if self.is_parent else value

    def _parent(self, value: str | None) -> dict[str, Any]:
        attributes = {"attributes": {"type": self.type}} if self.type else {}
        return {**attributes, str(self.key): value}


def column_named(header: str) -> Column:
    """Read one name of the header."""
    head, dot, key = header.partition(".")
    type_, colon, relationship = head.rpartition(":")
    return Column(relationship, key if dot else None, type_ if colon else None)


def columns_of(table: Table, sobject: SObject) -> list[Column]:
    """Read the header.

    Raises:
        BadUploadError: The object lacks one of the fields or relationships.
    """
    columns = [column_named(header) for header in table.columns]
    for header, column in zip(table.columns, columns, strict=True):
        find = sobject.relationship if column.is_parent else sobject.field
        if find(column.name) is None:
            raise BadUploadError(f"InvalidBatch : Field name not found : {header}")
    return columns


def record(columns: Sequence[Column], cells: Cells) -> Mapping[str, Any]:
    """Return a row as JSON would have brought it."""
    row: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        column.put(cell, row)
    return row


class Results(NamedTuple):
    """A result file before it is written: the columns in front, then one row for each record."""

    extra: tuple[str, str]
    rows: list[tuple[str, str, Cells]]


def result_lines(results: Results, columns: Cells, request: Request, seed: str) -> list[str]:
    """Write a result file, its header first.

    The rows are in no useful order, the uploaded columns in alphabetical order.
    """
    order = sorted(range(len(columns)), key=lambda at: columns[at])
    delimiter = request.columnDelimiter.char
    header = [*map(_quoted, results.extra), *(columns[at] for at in order)]
    lines = [
        line([first, second, *(cells[at] for at in order)], delimiter)
        for first, second, cells in results.rows
    ]
    random.Random(seed).shuffle(lines)  # noqa: S311  # disorder, not secrecy
    return [delimiter.join(header), *lines]


def line(cells: Iterable[str], delimiter: str) -> str:
    """Write one row, every cell in quotes."""
    return delimiter.join(map(_quoted, cells))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
