"""Running SOQL: five statements in one composite request, pages followed, once for one API call.

A statement in a request's body meets no limit on the length of URLs, and no proxy logs its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.org.soql import DeletedToo
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.verdicts import (
    read_refusal,
    request_error,
    request_verdict,
)
from destination_salesforce_intro.salesforce.wire import Request

MAX_STATEMENTS = 5  # queries in one composite request
ROUNDS = 6
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
WHAT = "a look-up"


class Queries:
    """Runs SOQL against one org."""

    def __init__(self, client: SalesforceClient, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def run(self, statements: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the records of all *statements*, in no order to rely on.

        Raises:
            TooLarge: Salesforce wants shorter or simpler statements.
            ConnectorError: As the client.
        """
        for first in range(0, len(statements), MAX_STATEMENTS):
            for page in self._pages(statements[first : first + MAX_STATEMENTS]):
                yield from self._all(page)

    def count(self, statement: str) -> int:
        """Return the answer to a ``SELECT COUNT() FROM …`` statement.

        Raises:
            ConnectorError: As `run`.
        """
        (page,) = self._pages([statement])
        return int(page["totalSize"])

    def _pages(self, statements: Sequence[str]) -> list[Mapping[str, Any]]:
        request = composite(statements, self._client.base_path)
        wait = FIRST_WAIT_S
        for _ in range(ROUNDS):
            pages = decode(self._client.json(request), len(statements))
            if pages is not None:
                return pages
            self._sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
        raise ConnectorError(
            f"Salesforce could not answer {WHAT} in {ROUNDS} tries. Nothing of it was written; "
            "the next sync tries again.",
            Fault.TRANSIENT,
        )

    def _all(self, page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield from page["records"]
        while not page["done"]:
            path = str(page["nextRecordsUrl"]).removeprefix(self._client.base_path)
            page = self._client.json(Request("GET", path, what=WHAT, kind="query"))
            yield from page["records"]


def composite(statements: Sequence[str], base_path: str) -> Request:
    """Return the one request that runs *statements*."""
    parts = [
        {
            "method": "GET",
            "url": f"{base_path}{_resource(statement)}/?q={quote(statement, safe='')}",
            "referenceId": f"part{place}",
        }
        for place, statement in enumerate(statements)
    ]
    return Request("POST", "composite", WHAT, "query", body={"compositeRequest": parts})


def _resource(statement: str) -> str:
    return "queryAll" if isinstance(statement, DeletedToo) else "query"


def decode(answer: Any, count: int) -> list[Mapping[str, Any]] | None:
    """Return the first page of each statement; None if Salesforce wants the request again.

    Raises:
        TooLarge: A statement took too long or is too complicated.
        ConnectorError: A statement was refused; SYSTEM where an answer is missing.
    """
    parts = answer.get("compositeResponse", ()) if isinstance(answer, Mapping) else ()
    if len(parts) != count:
        raise ConnectorError(
            f"Salesforce answered {len(parts)} of {count} look-ups, so none can be trusted. "
            "Nothing of it was written; the next sync tries again.",
            Fault.SYSTEM,
        )
    verdicts = [_check(part["httpStatusCode"], part["body"]) for part in parts]
    return None if Verdict.RETRY in verdicts else [part["body"] for part in parts]


def _check(status: int, body: Any) -> Verdict | None:
    if status < 300:  # noqa: PLR2004  (success)
        return None
    refusal = read_refusal(body)
    verdict = request_verdict(status, refusal)
    if verdict is Verdict.RETRY:
        return verdict
    raise request_error(status, refusal, WHAT)
