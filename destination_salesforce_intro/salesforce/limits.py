"""What an org allows its clients in 24 hours, and how much of it is left to others. Pure.

Every answer tells of API requests (header ``Sforce-Limit-Info``); ``GET /limits`` tells of Bulk's
allowances too, to users who may see the org's setup (REST API guide, Limits). Between two tellings
our own use is counted. What nobody has told is not guarded: Salesforce refuses it itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from destination_salesforce_intro.errors import ConnectorError, Fault

Name = Literal["DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs"]
REQUESTS: Name = "DailyApiRequests"
BATCHES: Name = "DailyBulkApiBatches"  # ingest jobs are worked off in these
QUERY_JOBS: Name = "DailyBulkV2QueryJobs"
WORDS: dict[Name, str] = {
    REQUESTS: "API requests",
    BATCHES: "Bulk API batches",
    QUERY_JOBS: "Bulk query jobs",
}
UNTOLD = 100  # requests without the header, after which the org is asked anew

USAGE = re.compile(r"\s*api-usage=(\d+)/(\d+)")


class Allowance(NamedTuple):
    """How many of one thing all clients of the org may use in 24 hours, and have used."""

    limit: int
    used: int


class Limits:
    """The allowances of one org, as far as they are known.

    Args:
        reserve_percent: Share of each that is left to others.
    """

    def __init__(self, reserve_percent: float) -> None:
        self._reserve_percent = reserve_percent
        self._known: dict[Name, Allowance] = {}
        self._untold = UNTOLD

    @property
    def requests(self) -> Allowance | None:
        """The API requests, if anybody has told of them."""
        return self._known.get(REQUESTS)

    @property
    def is_due(self) -> bool:
        """Whether the org should be asked: never told of requests, or not for long."""
        return self._untold >= UNTOLD

    def take_note(self, answer: Any) -> None:
        """Read ``{"DailyApiRequests": {"Max": 15000, "Remaining": 14998}, …}``, or what came."""
        self._untold = 0
        told = answer if isinstance(answer, Mapping) else {}
        for name in WORDS:
            each = told.get(name)
            if isinstance(each, Mapping) and {"Max", "Remaining"} <= each.keys():
                limit = int(each["Max"])
                self._known[name] = Allowance(limit, limit - int(each["Remaining"]))

    def take_header(self, usage: str) -> None:
        """Read ``api-usage=18/15000; per-app-api-usage=17/250(appName=x)``; "" tells nothing."""
        told = USAGE.match(usage)
        if told:
            self._untold = 0
            self._known[REQUESTS] = Allowance(int(told[2]), int(told[1]))
        else:
            self._untold += 1

    def left(self, name: Name) -> int | None:
        """How many may be used until the reserve is reached; None where nobody knows."""
        known = self._known.get(name)
        if known is None:
            return None
        reserve = math.ceil(known.limit * self._reserve_percent / 100)
        return max(0, known.limit - known.used - reserve)

    def use(self, name: Name, count: int = 1) -> None:
        """Count *count* of *name* as used.

        Raises:
            ConnectorError: TRANSIENT, and none is counted: the reserve would be touched. The
                window of 24 hours moves on by itself.
        """
        left = self.left(name)
        if left is None:
            return
        if left < count:
            raise ConnectorError(
                _shortage(WORDS[name], self._known[name], self._reserve_percent), Fault.TRANSIENT
            )
        limit, used = self._known[name]
        self._known[name] = Allowance(limit, used + count)

    def shortages(self) -> Iterator[str]:
        """Yield a sentence for each allowance of which nothing is left above the reserve."""
        for name, known in self._known.items():
            if self.left(name) == 0:
                yield _shortage(WORDS[name], known, self._reserve_percent)


def _shortage(things: str, known: Allowance, reserve_percent: float) -> str:
    return (
        f"{known.used} of the org's {known.limit} daily {things} are used, and "
        f"{reserve_percent:g} percent are kept for others (api_quota_reserve_percent). "
        "The next sync goes on where this one ends."
    )
