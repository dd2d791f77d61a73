"""The one HTTP session: a timeout on every request, and plain http for loopback only.

simple-salesforce sets no timeout and forces https; both are put right here, below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = (
    300.0  # triggers can make a call of 1,000 rows take minutes; Salesforce stops at 10
)


class TimeoutAdapter(HTTPAdapter):
    """Give every request that names no timeout one of ours."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  (the signature is requests')
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send *request*, waiting no longer than the default where *timeout* is None."""
        limit = timeout or (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        return super().send(request, stream, limit, verify, cert, proxies)


class LoopbackAdapter(TimeoutAdapter):
    """Send over http what simple-salesforce addressed to https."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send *request* without TLS; mounted for one loopback origin."""
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


def open_session(user_agent: str) -> requests.Session:
    """Return a session whose requests carry *user_agent* and always time out."""
    session = requests.Session()
    session.headers["User-Agent"] = user_agent
    session.mount("https://", TimeoutAdapter())
    session.mount("http://", TimeoutAdapter())
    return session


def allow_loopback(session: requests.Session, instance_url: str) -> None:
    """Let *session* reach *instance_url* without TLS, if that is what its scheme says.

    Config accepts http for loopback addresses only, so this never weakens a real org.
    """
    parts = urlsplit(instance_url)
    if parts.scheme == "http":
        session.trust_env = False  # a proxy for https cannot reach this machine's loopback
        session.mount(f"https://{parts.netloc}/", LoopbackAdapter())
