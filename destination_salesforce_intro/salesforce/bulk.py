"""Rows to the CSV of a Bulk API 2.0 ingest job, and its three result files back to rows. Pure.

In that CSV an empty cell leaves a field alone and ``#N/A`` clears it (Bulk API 2.0 guide, Prepare
CSV Files), so rows with different fields share one rectangular file. Results come in any order
and without row numbers; rows are found again by their Id or key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Create, Delete, Row, Value
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.salesforce.answers import LOST, Answer, Refusal
from destination_salesforce_intro.salesforce.batches import Target, parents
from destination_salesforce_intro.salesforce.verdicts import row_verdict

CLEAR = "#N/A"
MAX_JOB_BYTES = 100_000_000  # the guide's advice; the hard limit counts base64 (150 MB)
MAX_CELL_CHARS = 131_072  # of one field in a Bulk CSV
ABOUT = ("sf__Created", "sf__Error")  # the columns that say what became of a row
QUOTED = '",\r\n'  # a cell with one of them has to be quoted
ABSENT = object()  # a field that the row leaves alone
HALTED = Refusal("BATCH_PROCESSING_HALTED", "the job ended before this row")

csv.field_size_limit(2 * MAX_CELL_CHARS)  # the default is just below what Salesforce sends back


Read = Callable[[Row, str], Answer]


class Results(NamedTuple):
    """The three result files of a job, as UTF-8 CSV."""

    successful: bytes
    failed: bytes
    unprocessed: bytes


def fits(row: Row) -> bool:
    """Whether Bulk can say what *row* says, and its result can be told apart from others.

    A create without a key cannot be found again among the results, and the text ``#N/A`` means
    clear; both go by REST.
    """
    if isinstance(row, Delete):
        return True
    if isinstance(row, Create) and row.key_field is None:
        return False
    values = row.fields.values()
    texts = [value for value in values if isinstance(value, str)]
    return CLEAR not in texts and max(map(len, texts), default=0) < MAX_CELL_CHARS


def jobs(rows: Sequence[Row], max_bytes: int = MAX_JOB_BYTES) -> Iterator[tuple[list[Row], bytes]]:
    """Cut *rows* (of one target, no record or key twice) into jobs and their CSV.

    Jobs are worked off side by side, so rows of one parent share a job where its size allows: they
    would wait for each other's lock. Rows that set a lookup through its parent's key travel apart
    from the others, since the same file may not name the lookup itself.
    """
    alike: dict[frozenset[str], list[Row]] = {}
    for row in sorted(rows, key=parents):
        alike.setdefault(_lookups(row), []).append(row)
    for group in alike.values():
        yield from _sized(group, max_bytes)


def _lookups(row: Row) -> frozenset[str]:
    if isinstance(row, Delete):
        return frozenset()
    return frozenset(name for name in row.fields if "." in name)


def _sized(rows: list[Row], max_bytes: int) -> Iterator[tuple[list[Row], bytes]]:
    body = to_csv(rows)
    if len(body) <= max_bytes or len(rows) == 1:
        yield rows, body
        return
    half = _between_parents(rows)
    yield from _sized(rows[:half], max_bytes)
    yield from _sized(rows[half:], max_bytes)


def _between_parents(rows: Sequence[Row]) -> int:
    """Return the place nearest the middle where another parent's rows begin; else the middle."""
    half = len(rows) // 2
    places = sorted(range(1, len(rows)), key=lambda place: abs(place - half))
    return next((at for at in places if parents(rows[at - 1]) != parents(rows[at])), half)


def to_csv(rows: Sequence[Row]) -> bytes:
    r"""Return *rows* as CSV with one header for all, lines ended by ``\n``.

    ``Id,Plan__c`` / ``003…,pro`` / ``003…,#N/A``
    """
    names, fields = _columns(rows), list(map(_fields, rows))
    cells = [_cells([each.get(name, ABSENT) for each in fields]) for name in names]
    lines = [names, *zip(*cells, strict=True)]
    if not any(mark in text for text in map("".join, cells) for mark in QUOTED):
        return "".join(f"{','.join(line)}\n" for line in lines).encode()
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def _columns(rows: Sequence[Row]) -> list[str]:
    shapes = dict.fromkeys(tuple(row.fields) for row in rows if not isinstance(row, Delete))
    id_column = () if isinstance(rows[0], Create) else ("Id",)
    return list(dict.fromkeys(chain(id_column, *shapes)))


def _fields(row: Row) -> Mapping[str, Value]:
    if isinstance(row, Create):
        return row.fields
    return {"Id": row.id} if isinstance(row, Delete) else {"Id": row.id, **row.fields}


def _cells(values: list[Any]) -> list[str]:
    """Write one column; one of text alone, as most are, at once."""
    if set(map(type, values)) == {str}:
        return [value or CLEAR for value in values]
    return list(map(_cell, values))


def _cell(value: Any) -> str:
    if value is ABSENT:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return CLEAR if value is None or value == "" else str(value)


def key_of(row: Row) -> str:
    """Return what names *row* in the results of its job: its key, or its Id."""
    if isinstance(row, Create):
        return str(row.fields[str(row.key_field)])
    return row.id


def _folded(key: str) -> str:
    return key.strip().casefold()


def decode(target: Target, rows: Sequence[Row], results: Results) -> list[Answer]:
    """Match every row of a job with what its result files say; a row they do not name is lost.

    Keys are compared exactly first, then without case and outer spaces, as Salesforce may give
    them back in either form.
    """
    column = target.key_field or "Id"
    waiting = _Waiting(rows)
    answers = [
        *_answers(waiting, column, results.successful, _stored),
        *_answers(waiting, column, results.failed, partial(_failed, target)),
        *_answers(waiting, column, results.unprocessed, _halted),
    ]
    lost = [Answer(row, Verdict.LOOK_AGAIN, refusal=LOST) for row in waiting.rest()]
    return [*answers, *lost]


class _Waiting:
    """Rows of a job that no result has named yet."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._exact = {key_of(row): row for row in rows}

    def take(self, key: str) -> Row | None:
        row = self._exact.pop(key, None)
        return row or self._exact.pop(self._folded.get(_folded(key), ""), None)

    @cached_property
    def _folded(self) -> dict[str, str]:
        """The keys by what they have in common with other spellings; seldom asked for."""
        return {_folded(key): key for key in self._exact}

    def rest(self) -> list[Row]:
        return list(self._exact.values())


def _answers(waiting: _Waiting, column: str, content: bytes, read: Read) -> Iterator[Answer]:
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = next(reader, [])
    key = "sf__Id" if column == "Id" and column not in header else column
    if key not in header:
        return
    key_at = header.index(key)
    about_at = next((n for n, name in enumerate(header) if name in ABOUT), None)
    for line in reader:
        row = waiting.take(line[key_at]) if line else None
        if row is not None:
            yield read(row, "" if about_at is None else line[about_at])


def lines(content: bytes) -> Iterator[dict[str, str]]:
    """Yield the lines of a result file by column name, line ends inside cells kept."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    yield from csv.DictReader(text)


def _stored(row: Row, created: str) -> Answer:
    return Answer(row, None, created.lower() == "true")


def _failed(target: Target, row: Row, error: str) -> Answer:
    refusal = read_error(error)
    return Answer(row, row_verdict(target.verb, refusal), refusal=refusal)


def _halted(row: Row, _nothing: str) -> Answer:
    return Answer(row, Verdict.RETRY, refusal=HALTED)


def read_error(text: str) -> Refusal:
    """Read ``CODE:message:Field1 Field2 --``; the message may hold colons of its own."""
    code, _, rest = text.partition(":")
    message, _, tail = rest.rpartition(":")
    fields = tuple(name for name in tail.removesuffix("--").split() if name)
    return Refusal(code.strip(), message or rest, fields)
