"""What is sent to Salesforce and what comes back, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from destination_salesforce_intro.errors import ConnectorError, Fault

Kind = Literal["describe", "query", "write", "bulk", "limits"]


class Request(NamedTuple):
    """What to send: no host, no credentials.

    *path* is below ``/services/data/vXX.X/``; *what* names the request in messages. A request that
    is not *repeatable* is never sent twice unless it is certain that it did nothing.
    """

    method: str
    path: str
    what: str
    kind: Kind
    body: Any = None
    params: Mapping[str, str] | None = None
    content_type: str = "application/json"
    repeatable: bool = True


class Raw(NamedTuple):
    """An answer that is not JSON."""

    content: bytes
    headers: Mapping[str, str]


class Quota(NamedTuple):
    """API requests of the whole org in the last 24 hours, and how many it may make."""

    used: int
    limit: int


def check_reserve(quota: Quota | None, reserve_percent: float) -> None:
    """Stop before the org's daily requests are used up to the reserve for others.

    Raises:
        ConnectorError: TRANSIENT; the window of 24 hours moves on by itself.
    """
    if (
        quota
        and reserve_percent
        and quota.limit - quota.used <= quota.limit * reserve_percent / 100
    ):
        raise ConnectorError(
            f"{quota.used} of the org's {quota.limit} daily API requests are used, and "
            f"{reserve_percent:g} percent are kept for others (api_quota_reserve_percent). "
            "The next sync goes on where this one ends.",
            Fault.TRANSIENT,
        )
