"""Updates that hold only while nobody has edited the record since it was seen. Pure.

Source: REST API guide, Conditional Request Headers: a write whose ``If-Unmodified-Since`` is before
the record's ``LastModifiedDate`` is answered with 412 and not made. Only single records take the
header, so each is a part of its own of a composite request, which an org counts as one API call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import format_datetime
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Found, Row, Update
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.org.schema import LAST_MODIFIED
from destination_salesforce_intro.salesforce.answers import EDITED, Answer, Refusal
from destination_salesforce_intro.salesforce.composite import WRITE_HEADERS, untrusted
from destination_salesforce_intro.salesforce.verdicts import (
    read_refusal,
    request_error,
    request_verdict,
    row_verdict,
)
from destination_salesforce_intro.salesforce.wire import Request

MAX_PARTS = 25  # of a composite request
LONG_AGO = "1970-01-01T00:00:00.000Z"  # before any record was edited
NOT_AS_SEEN = frozenset({404, 412})  # deleted, or edited


class Conditional(NamedTuple):
    """An update, and what its record held when that was decided; its last edit among it."""

    row: Update
    seen: Found

    @property
    def look(self) -> tuple[str, tuple[str, ...]]:
        """The object and the fields that were read of it."""
        return self.row.object, tuple(self.seen.fields)

    def impossible(self) -> Conditional:
        """Return the same update on a condition that no record can fulfil."""
        fields = {**self.seen.fields, LAST_MODIFIED: LONG_AGO}
        return Conditional(self.row, self.seen._replace(fields=fields))


def conditional(rows: Iterable[Row]) -> Iterator[Conditional]:
    """Yield those of *rows* that have a condition."""
    for row in rows:
        if isinstance(row, Update) and row.seen is not None:
            yield Conditional(row, row.seen)


def edited(row: Row) -> Answer:
    """Return the answer for a record that is not as it was seen."""
    return Answer(row, Verdict.LOOK_AGAIN, refusal=EDITED)


def request(packed: Sequence[Conditional], base_path: str) -> Request:
    """Return the one request that writes *packed*, each where its record is as it was seen.

    A part of its body::

        {"method": "PATCH", "url": "/services/data/v65.0/sobjects/Contact/003…",
         "referenceId": "part0", "body": {"Segments__c": "A;B"},
         "httpHeaders": {"If-Unmodified-Since": "Fri, 02 Jan 2026 12:00:00 GMT", …}}
    """
    parts = [
        {
            "method": "PATCH",
            "url": f"{base_path}sobjects/{each.row.object}/{each.row.id}",
            "referenceId": f"part{place}",
            "httpHeaders": {**WRITE_HEADERS, "If-Unmodified-Since": _last_edit(each)},
            "body": dict(each.row.fields),
        }
        for place, each in enumerate(packed)
    ]
    what = f"writing {', '.join(dict.fromkeys(each.row.object for each in packed))}"
    body = {"allOrNone": False, "collateSubrequests": False, "compositeRequest": parts}
    return Request("POST", "composite", what, "write", body=body)


def _last_edit(of: Conditional) -> str:
    when = times.moment(of.seen.fields.get(LAST_MODIFIED))
    if when is None:
        raise ConnectorError(
            f"Salesforce did not say when a {of.row.object} was last modified, so it cannot be "
            f"edited without overwriting others. Let the Salesforce user see {LAST_MODIFIED}.",
            Fault.CONFIG,
        )
    return format_datetime(when, usegmt=True)


def decode(packed: Sequence[Conditional], answer: Any) -> list[Answer]:
    """Match every row with what Salesforce says of it, in order.

    Raises:
        ConnectorError: SYSTEM when an answer is missing; as the code says where a part failed for
            a reason that all rows share.
    """
    parts = answer.get("compositeResponse", ()) if isinstance(answer, Mapping) else ()
    if len(parts) != len(packed):
        raise untrusted("parts", len(parts), len(packed))
    return [
        _decode_part(each.row, part["httpStatusCode"], part["body"])
        for each, part in zip(packed, parts, strict=True)
    ]


def _decode_part(row: Update, status: int, body: Any) -> Answer:
    if status < 300:  # noqa: PLR2004  (success)
        return Answer(row, None)
    return edited(row) if status in NOT_AS_SEEN else _refused(row, status, read_refusal(body))


def _refused(row: Update, status: int, refusal: Refusal) -> Answer:
    failed = status >= 500  # noqa: PLR2004  (Salesforce's own failure, whatever its code)
    verdict = request_verdict(status, refusal) if failed else row_verdict("update", refusal)
    if verdict in {Verdict.STOP, Verdict.REAUTHENTICATE}:
        raise request_error(status, refusal, f"writing {row.object}")
    return Answer(row, verdict, refusal=refusal)
