"""What is sent to Salesforce and what comes back, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

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
