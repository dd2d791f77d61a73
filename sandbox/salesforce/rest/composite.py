"""Several requests in one: ``/composite`` (one API call) and ``/composite/batch`` (one each)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from multidict import CIMultiDict

from sandbox.salesforce.org import REQUESTS, Org
from sandbox.salesforce.rest.calls import Answer, ApiError, Call, Route, Router
from sandbox.salesforce.rest.references import UnknownReferenceError, has_reference, resolve

MAX_SUBREQUESTS = 25
MAX_QUERIES_AND_COLLECTIONS = 5

_FIRST_ERROR_STATUS = 300
_REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+")
_COLLECTIONS = re.compile(r"/composite/sobjects\b")
_COSTLY = re.compile(r"/(query|queryAll|composite/sobjects)\b")


class _Part(NamedTuple):
    """One sub-request."""

    reference: str
    method: str
    url: str
    body: Any
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> _Part:
        try:
            reference, method, url = (str(raw[name]) for name in ("referenceId", "method", "url"))
        except KeyError:
            message = "Every subrequest needs method, url and referenceId"
            raise ApiError(400, "JSON_PARSER_ERROR", message) from None
        if not _REFERENCE_ID.fullmatch(reference):
            message = "A referenceId has letters, digits and underscores only"
            raise ApiError(400, "INVALID_INPUT", message)
        given = raw.get("httpHeaders")
        headers = (
            {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}
        )
        return cls(reference, method, url, raw.get("body"), headers)

    def all_or_none(self) -> _Part:
        """Return the same part, its own records all or none."""
        url = f"{self.url}{'&' if '?' in self.url else '?'}allOrNone=true"
        body = {**self.body, "allOrNone": True} if isinstance(self.body, dict) else self.body
        return self._replace(url=url, body=body) if _COLLECTIONS.search(self.url) else self


class _HaltedError(Exception):
    """A part failed, and the request wants all or none."""


def routes(router: Router) -> list[Route]:
    """Return the routes of this module; *router* finds the sub-requests' handlers."""
    return [
        Route("POST", "/composite", lambda org, call: _composite(router, org, call)),
        Route("POST", "/composite/batch", lambda org, call: _batch(router, org, call)),
    ]


def _composite(router: Router, org: Org, call: Call) -> Answer:
    body = call.json_object()
    parts = [_Part.parse(each) for each in _list(body, "compositeRequest")]
    _check_parts(parts)
    order = _order(parts, collate=body.get("collateSubrequests", True) is not False)
    all_or_none = body.get("allOrNone") is True
    answers: dict[str, Answer] = {}
    try:
        with org.transaction():
            for part in order:
                it = part.all_or_none() if all_or_none else part
                answers[part.reference] = _run(router, org, it, answers)
                _halt_on_failure(answers[part.reference], halt=all_or_none)
    except _HaltedError:
        _roll_back(parts, answers)
    return Answer(200, {"compositeResponse": [_shown(p, answers[p.reference]) for p in parts]})


def _list(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    parts = body.get(name)
    if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{name} must be a list of subrequests")
    if len(parts) > MAX_SUBREQUESTS:
        message = f"The request has {len(parts)} subrequests; {MAX_SUBREQUESTS} are allowed"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    return parts


def _check_parts(parts: Sequence[_Part]) -> None:
    costly = sum(_COSTLY.search(part.url) is not None for part in parts)
    if costly > MAX_QUERIES_AND_COLLECTIONS:
        message = f"At most {MAX_QUERIES_AND_COLLECTIONS} subrequests may query or be collections"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    if len({part.reference for part in parts}) < len(parts):
        raise ApiError(400, "INVALID_INPUT", "A referenceId may be used once")


def _order(parts: Sequence[_Part], *, collate: bool) -> list[_Part]:
    """Return the parts as they are run.

    Salesforce may collate parts that do not depend on each other, unless told not to; here it does
    so whenever it may: parts for one method and address run in a row.
    """
    if not collate or any(has_reference(part.url) or has_reference(part.body) for part in parts):
        return list(parts)
    first: dict[tuple[str, str], int] = {}
    for place, part in enumerate(parts):
        first.setdefault((part.method, part.url.partition("?")[0]), place)
    return sorted(parts, key=lambda part: first[part.method, part.url.partition("?")[0]])


def _run(router: Router, org: Org, part: _Part, answers: Mapping[str, Answer]) -> Answer:
    known = {name: each.body for name, each in answers.items() if not _failed(each)}
    try:
        url, body = resolve(part.url, known), resolve(part.body, known)
    except UnknownReferenceError as unknown:
        return _halted(str(unknown))
    return _dispatch(router, org, part._replace(url=url, body=body))


def _dispatch(router: Router, org: Org, part: _Part) -> Answer:
    try:
        route, call = router.find(part.method, part.url)
        called = dataclasses.replace(call, body=part.body, headers=CIMultiDict(part.headers))
        return route.handler(org, called)
    except ApiError as refused:
        return Answer(refused.status, refused.body)


def _failed(answer: Answer) -> bool:
    return answer.status >= _FIRST_ERROR_STATUS


def _unsuccessful(answer: Answer) -> bool:
    """Whether the request failed, or a row of it did."""
    rows = answer.body if isinstance(answer.body, list) else []
    row_failed = any(isinstance(row, dict) and row.get("success") is False for row in rows)
    return _failed(answer) or row_failed


def _halt_on_failure(answer: Answer, *, halt: bool) -> None:
    if halt and _unsuccessful(answer):
        raise _HaltedError


def _halted(message: str) -> Answer:
    return Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": message}])


def _roll_back(parts: Sequence[_Part], answers: dict[str, Answer]) -> None:
    message = "The transaction was rolled back since another operation in the same transaction"
    for part in parts:
        answer = answers.get(part.reference)
        if answer is None or not _unsuccessful(answer):
            answers[part.reference] = _halted(f"{message} failed.")


def _shown(part: _Part, answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": {},
        "httpStatusCode": answer.status,
        "referenceId": part.reference,
    }


def _batch(router: Router, org: Org, call: Call) -> Answer:
    body = call.json_object()
    results: list[Answer] = []
    for each in _list(body, "batchRequests"):
        if body.get("haltOnError") is True and any(map(_failed, results)):
            results.append(Answer(412, _halted("Batch processing halted").body))
        else:
            results.append(_run_batched(router, org, each))
    shown = [{"statusCode": each.status, "result": each.body} for each in results]
    return Answer(200, {"hasErrors": any(map(_failed, results)), "results": shown})


def _run_batched(router: Router, org: Org, raw: Mapping[str, Any]) -> Answer:
    part = _Part.parse({"referenceId": "batched", "body": raw.get("richInput"), **raw})
    if not org.daily[REQUESTS].take():
        error = ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return Answer(error.status, error.body)
    return _dispatch(router, org, part)
