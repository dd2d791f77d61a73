"""Reading very many records: a Bulk API 2.0 query job, its result fetched in pages of CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.salesforce import bulk
from destination_salesforce_intro.salesforce.bulk_jobs import (
    FINISHED,
    FIRST_POLL_S,
    LONGEST_POLL_S,
    MAX_POLLS,
    POLL_GROWTH,
)
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.limits import QUERY_JOBS
from destination_salesforce_intro.salesforce.wire import Request

PAGE_ROWS = 20_000  # a few MB; bounds what is in memory
WHAT = "a Bulk query"


class BulkQuery:
    """Runs query jobs on one org."""

    def __init__(self, client: SalesforceClient, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def run(self, statement: str) -> Iterator[Mapping[str, str]]:
        """Yield the records of *statement* as text by column; what is null is ``""``.

        Raises:
            ConnectorError: Salesforce refuses the statement or does not finish the job.
        """
        self._client.limits.use(QUERY_JOBS)
        body = {"operation": "query", "query": statement}
        job = str(self._client.json(self._request("POST", "jobs/query", body))["id"])
        self._finish(job)
        locator = ""
        while locator != "null":
            params = {"maxRecords": str(PAGE_ROWS), **({"locator": locator} if locator else {})}
            path = f"jobs/query/{job}/results"
            page = self._client.raw(Request("GET", path, WHAT, "bulk", params=params))
            yield from bulk.lines(page.content)
            locator = page.headers.get("Sforce-Locator") or "null"

    def _finish(self, job: str) -> None:
        wait = FIRST_POLL_S
        for _ in range(MAX_POLLS):
            state = self._client.json(self._request("GET", f"jobs/query/{job}"))["state"]
            if state in FINISHED:
                return _require_complete(state)
            self._sleep(wait)
            wait = min(wait * POLL_GROWTH, LONGEST_POLL_S)
        return _require_complete("still running after hours")

    @staticmethod
    def _request(method: str, path: str, body: Any = None) -> Request:
        return Request(method, path, WHAT, "bulk", body=body)


def _require_complete(state: str) -> None:
    if state != "JobComplete":
        raise ConnectorError(
            f"Salesforce did not complete a Bulk query (it is {state}). The next sync tries again.",
            Fault.TRANSIENT,
        )
