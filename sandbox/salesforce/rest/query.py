"""SOQL over REST: the answer in pages, and where the next one is."""

from __future__ import annotations

import re
from typing import Any

from sandbox.salesforce import soql
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, ApiError, Call, Route
from sandbox.salesforce.rest.cursors import Cursors, Page

MIN_BATCH, MAX_BATCH = 200, 2_000
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def routes() -> list[Route]:
    """Return the routes of this module; open cursors live as long as they do."""
    cursors = Cursors()

    def query(org: Org, call: Call) -> Answer:
        return _run(org, call, cursors, include_deleted=False)

    def query_all(org: Org, call: Call) -> Answer:
        return _run(org, call, cursors, include_deleted=True)

    def more(_org: Org, call: Call) -> Answer:
        return _more(call, cursors)

    return [
        Route("GET", "/query", query),
        Route("GET", "/queryAll", query_all),
        Route("GET", "/query/{locator}", more),
        Route("GET", "/queryAll/{locator}", more),
    ]


def _run(org: Org, call: Call, cursors: Cursors, *, include_deleted: bool) -> Answer:
    text = call.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "The parameter q is missing")
    try:
        found = soql.run(org, text, include_deleted=include_deleted, version=call.version)
    except soql.SoqlError as refused:
        raise ApiError(400, refused.code, refused.message) from None
    page = cursors.first_page(found.records, _batch_size(org, call))
    return _answer(call, page._replace(total=found.total))


def _batch_size(org: Org, call: Call) -> int:
    match = _BATCH_SIZE.search(call.headers.get("Sforce-Query-Options", ""))
    asked = min(max(int(match[1]), MIN_BATCH), MAX_BATCH) if match else MAX_BATCH
    return min(asked, org.settings.query_batch)


def _more(call: Call, cursors: Cursors) -> Answer:
    page = cursors.page(call.params["locator"])
    if page is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _answer(call, page)


def _answer(call: Call, page: Page) -> Answer:
    body: dict[str, Any] = {
        "totalSize": page.total,
        "done": page.next is None,
        "records": page.records,
    }
    if page.next:
        body["nextRecordsUrl"] = f"{call.base}/query/{page.next}"
    return Answer(200, body)
