"""From an answer's evidence to one verdict: the code first, then the message, then the status.

Pure. ``codes`` holds what each code means; here are only the few that also need their message
(daily or momentary limit, expired or unusable session, a race or a real duplicate, a missing
parent or a missing column, a trigger that met a lock).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import orjson

from destination_salesforce_intro.changes import Rejection
from destination_salesforce_intro.errors import ConnectorError, Fault, TooLarge, Verdict
from destination_salesforce_intro.salesforce.answers import Refusal, Verb
from destination_salesforce_intro.salesforce.codes import meaning, row_meaning

# HTTP statuses that pass by themselves, whatever the body says (or when it says nothing).
PASSING = frozenset({408, 420, 425, 429, 500, 502, 503, 504})
TOO_LARGE = frozenset({413, 414, 431})

GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})


def read_refusal(body: Any) -> Refusal:
    """Read ``[{"errorCode": …, "message": …, "fields": […]}]``; anything else has no code."""
    with contextlib.suppress(orjson.JSONDecodeError, TypeError):
        body = orjson.loads(body)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, Mapping):
        return Refusal("", "")
    fields = tuple(str(name) for name in first.get("fields") or ())
    return Refusal(str(first.get("errorCode", "")), str(first.get("message", "")), fields)


def row_verdict(verb: Verb, refusal: Refusal) -> Verdict:
    """Judge one row that Salesforce refused inside an answer that came through."""
    code, message = refusal.code, refusal.message.lower()
    if is_lock(refusal):
        return Verdict.RETRY_SMALLER
    if code == "DUPLICATE_VALUE":
        return _duplicate(verb, message)
    if code == "INVALID_FIELD" and "no such column" in message:
        return Verdict.STOP
    return _gone(verb, code) or row_meaning(code).verdict


def is_lock(refusal: Refusal) -> bool:
    """Whether somebody else holds the row, or what a trigger on it touches."""
    return "unable_to_lock_row" in f"{refusal.code}:{refusal.message}".lower()


def _gone(verb: Verb, code: str) -> Verdict | None:
    """Take a delete of what is deleted for done; look again for what was to be updated."""
    if verb == "delete" and code in GONE:
        return Verdict.ACCEPT
    return Verdict.LOOK_AGAIN if code == "ENTITY_IS_DELETED" else None


def _duplicate(verb: Verb, message: str) -> Verdict:
    """Tell a membership that exists (done) and a lost race from a value that must be unique."""
    if "already a campaign member" in message:
        return Verdict.ACCEPT
    if "duplicate external id specified" in message:
        return Verdict.RETRY_SMALLER  # Salesforce takes two keys of ours for one: send them apart
    raced = verb in {"create", "upsert"} and "on record with id" in message
    return Verdict.LOOK_AGAIN if raced else Verdict.REJECT


def request_verdict(status: int, refusal: Refusal) -> Verdict:
    """Judge a request that Salesforce refused as a whole."""
    code, message = refusal.code, refusal.message.lower()
    if code == "INVALID_SESSION_ID":
        renewable = "session expired" in message
        return Verdict.REAUTHENTICATE if renewable else Verdict.STOP
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Verdict.RETRY if "concurrent" in message else Verdict.STOP
    return _by_code_or_status(status, code)


def _by_code_or_status(status: int, code: str) -> Verdict:
    known = meaning(code)
    if known and known.verdict is not Verdict.REJECT:
        return known.verdict
    if status in TOO_LARGE:
        return Verdict.RETRY_SMALLER
    if status == 401:  # noqa: PLR2004  (Unauthorized, with a body nobody knows)
        return Verdict.REAUTHENTICATE
    return Verdict.RETRY if status in PASSING else Verdict.STOP


def request_error(status: int, refusal: Refusal, what: str) -> ConnectorError:
    """Say in one sentence why *what* (e.g. ``"the look-up of Contact"``) did not go through."""
    if request_verdict(status, refusal) is Verdict.RETRY_SMALLER:
        return TooLarge(f"Salesforce found {what} too large (HTTP {status}).", Fault.TRANSIENT)
    known = meaning(refusal.code)
    name = f"HTTP {status} {refusal.code}".strip()
    if known is None:
        advice = (
            "Look the code up in Salesforce's API guide." if refusal.code else "Try again later."
        )
        return ConnectorError(
            f"Salesforce answered {name} to {what}. {advice}", _fault_of_status(status)
        )
    fields = f" (fields: {', '.join(refusal.fields)})" if refusal.fields else ""
    return ConnectorError(
        f"Salesforce answered {name}{fields} to {what}: {known.cause}. {known.hint}", known.fault
    )


def _fault_of_status(status: int) -> Fault:
    if status in {401, 403, 404, 410}:
        return Fault.CONFIG
    return Fault.TRANSIENT if status in PASSING else Fault.SYSTEM


def rejection(refusal: Refusal) -> Rejection:
    """Return *refusal* with a cause in plain words and a hint, for the rejected file."""
    known = row_meaning(refusal.code)
    cause = f"{known.cause[0].upper()}{known.cause[1:]}."
    return Rejection(refusal.code, refusal.message, cause, known.hint)


def row_error(object_name: str, refusal: Refusal) -> ConnectorError:
    """Say why writing must stop after Salesforce refused a row for a reason all rows share."""
    known = row_meaning(refusal.code)
    fields = f" (fields: {', '.join(refusal.fields)})" if refusal.fields else ""
    return ConnectorError(
        f"Salesforce answered {refusal.code} to a row of {object_name}{fields}: {known.cause}. "
        f"{known.hint}",
        known.fault,
    )
