"""Batches to requests of the Composite resource, and answers to rows.

Pure. Up to five Collections calls of up to 200 rows travel in one ``/composite`` request, which an
org counts as one API call (REST API guide, Composite). Salesforce answers by place and sends no
key back, so an answer of another length than the request is not trusted for any row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Delete, Row
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import Answer, Refusal, Verb
from destination_salesforce_intro.salesforce.batches import Batch, record
from destination_salesforce_intro.salesforce.codes import CODES
from destination_salesforce_intro.salesforce.verdicts import (
    read_refusal,
    request_error,
    request_verdict,
    row_verdict,
)
from destination_salesforce_intro.salesforce.wire import Request

MAX_BATCHES = 5  # Collections calls in one composite request
# Of these Salesforce itself keeps one: it refuses a second member for the same person and campaign
# ("Already a campaign member"), which counts as done. So a create needs no key to be repeated.
KEPT_ONCE = frozenset({"CampaignMember"})

# A composite request passes only Accept, Authorization and Content-Type on to its parts. Without
# these, writes fire the org's assignment rules (which change owners) and its duplicate alerts.
WRITE_HEADERS = {
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": (
        "allowSave=true; includeRecordDetails=false; runAsCurrentUser=false"
    ),
}


class Part(NamedTuple):
    """What became of one batch: an answer for each row, or for all of them *as_one*."""

    batch: Batch
    answers: Sequence[Answer]
    as_one: bool = False

    @property
    def is_isolated(self) -> bool:
        """Whether each answer is about its own row."""
        return len(self.batch.rows) == 1 or not self.as_one

    @property
    def is_spoilt(self) -> bool:
        """Whether all rows are refused for what one of them says."""
        return not self.is_isolated and self.answers[0].verdict is Verdict.REJECT


def composites(cut: Iterable[Batch]) -> Iterable[tuple[Batch, ...]]:
    """Pack batches by fives, in order; those that must not be repeated apart from the others."""
    waiting: list[Batch] = []
    for batch in cut:
        mixed = bool(waiting) and _repeatable(waiting[0]) != _repeatable(batch)
        if mixed or len(waiting) == MAX_BATCHES:
            yield tuple(waiting)
            waiting = []
        waiting.append(batch)
    if waiting:
        yield tuple(waiting)


def _repeatable(batch: Batch) -> bool:
    return batch.target.verb != "create" or batch.target.object in KEPT_ONCE


def composite(packed: Sequence[Batch], base_path: str) -> Request:
    """Return the one request that writes *packed*, in order, each part whether or not others fail.

    Its body, for one batch of one row::

        {"allOrNone": false, "collateSubrequests": false, "compositeRequest": [
          {"method": "PATCH", "url": "/services/data/v65.0/composite/sobjects/Contact/Key__c",
           "referenceId": "part0", "httpHeaders": {"Sforce-Auto-Assign": "FALSE", …},
           "body": {"allOrNone": false, "records": [{"attributes": …, "Key__c": "a1", …}]}}]}
    """
    objects = ", ".join(dict.fromkeys(batch.target.object for batch in packed))
    parts = [_part(place, batch, base_path) for place, batch in enumerate(packed)]
    return Request(
        "POST",
        "composite",
        what=f"writing {objects}",
        kind="write",
        body={"allOrNone": False, "collateSubrequests": False, "compositeRequest": parts},
        repeatable=all(_repeatable(batch) for batch in packed),
    )


def _part(place: int, batch: Batch, base_path: str) -> dict[str, Any]:
    target = batch.target
    head = {"referenceId": f"part{place}", "httpHeaders": WRITE_HEADERS}
    url = f"{base_path}composite/sobjects"
    if target.verb == "delete":
        ids = ",".join(row.id for row in batch.rows if isinstance(row, Delete))
        return {"method": "DELETE", "url": f"{url}?ids={ids}&allOrNone=false", **head}
    if target.verb == "upsert":
        url = f"{url}/{target.object}/{target.key_field}"
    body = {"allOrNone": False, "records": [record(row) for row in batch.rows]}
    method = "POST" if target.verb == "create" else "PATCH"
    return {"method": method, "url": url, "body": body, **head}


def decode(packed: Sequence[Batch], answer: Any) -> list[Part]:
    """Match every batch of *packed* with what Salesforce says of its rows, in order.

    *answer* is ``{"compositeResponse": [{"httpStatusCode": 200, "body": [{"id": "003…",
    "success": true, "created": false, "errors": []}], …}]}``.

    Raises:
        ConnectorError: SYSTEM when a part or a row is missing; as the code says when a part
            failed for a reason that all its rows share.
    """
    parts = answer.get("compositeResponse", ()) if isinstance(answer, Mapping) else ()
    if len(parts) != len(packed):
        raise untrusted("parts", len(parts), len(packed))
    return [_decode_part(batch, part) for batch, part in zip(packed, parts, strict=True)]


def _decode_part(batch: Batch, part: Mapping[str, Any]) -> Part:
    status, body = part["httpStatusCode"], part["body"]
    if status >= 300:  # noqa: PLR2004  (anything but success)
        return _refused_part(batch, status, read_refusal(body))
    if not isinstance(body, list) or len(body) != len(batch.rows):
        raise untrusted("rows", len(body or ()), len(batch.rows))
    verb = batch.target.verb
    pairs = zip(batch.rows, body, strict=True)
    return Part(batch, [_decode_row(verb, row, result) for row, result in pairs])


def _decode_row(verb: Verb, row: Row, result: Mapping[str, Any]) -> Answer:
    if result.get("success"):
        return Answer(row, None, created=bool(result.get("created", verb == "create")))
    refusals = [_row_refusal(error) for error in islice(result.get("errors") or (), 1)]
    refusal = refusals[0] if refusals else Refusal("UNKNOWN_EXCEPTION", "")
    return Answer(row, row_verdict(verb, refusal), refusal=refusal)


def _row_refusal(error: Mapping[str, Any]) -> Refusal:
    return Refusal(
        str(error.get("statusCode", "")),
        str(error.get("message", "")),
        tuple(error.get("fields") or ()),
    )


def _refused_part(batch: Batch, status: int, refusal: Refusal) -> Part:
    verdict = request_verdict(status, refusal)
    row = row_verdict(batch.target.verb, refusal)
    if verdict is Verdict.STOP and refusal.code in CODES and row is Verdict.REJECT:
        verdict = row
    if verdict in {Verdict.STOP, Verdict.REAUTHENTICATE}:
        raise request_error(status, refusal, f"writing {batch.target.object}")
    return Part(batch, [Answer(row, verdict, refusal=refusal) for row in batch.rows], as_one=True)


def untrusted(what: str, got: int, sent: int) -> ConnectorError:
    """Say that an answer of another length than its request proves nothing."""
    return ConnectorError(
        f"Salesforce answered {got} {what} to a request of {sent}, so no row of it can be trusted. "
        "Nothing of it is acknowledged; the next sync sends it again.",
        Fault.SYSTEM,
    )
