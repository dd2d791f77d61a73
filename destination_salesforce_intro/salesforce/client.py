"""The only module that sends data calls to Salesforce; it retries by verdict.

It stands on simple-salesforce (addresses, headers, errors) over a session of ours, and minds what
that library does not: timeouts, back-off, sessions that end, the org's daily limits, and which
requests may be repeated when their answer is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import orjson
import requests
from requests.exceptions import ContentDecodingError
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.salesforce.auth import Session
from destination_salesforce_intro.salesforce.failures import (
    Again,
    Expired,
    refused,
    unanswered,
)
from destination_salesforce_intro.salesforce.limits import REQUESTS, Allowance, Limits
from destination_salesforce_intro.salesforce.transport import allow_loopback
from destination_salesforce_intro.salesforce.verdicts import read_refusal
from destination_salesforce_intro.salesforce.wire import Kind, Raw, Request

ATTEMPTS = 8  # with the waits below, about two minutes of trouble
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
# Sessions in a row that nothing was let through with: one was old, and another client of the same
# user may have ended the next. A third means that new ones do not work.
MAX_REFUSED_SESSIONS = 2
CLIENT = {"Sforce-Call-Options": "client=destination-salesforce-intro", "X-PrettyPrint": "0"}


class OpensSessions(Protocol):
    """What renews a session."""

    def open(self) -> Session:
        """Return a fresh session, or raise a ConnectorError."""


class SalesforceClient:
    """One org, one user, one connection pool.

    Args:
        login: Opens sessions.
        version: Of the API, e.g. ``65.0``.
        http: Sends everything.
        sleep: Waits that many seconds between attempts.
        limits: What the org allows in a day; every request is counted against it.
    """

    def __init__(
        self,
        login: OpensSessions,
        version: str,
        http: requests.Session,
        sleep: Callable[[float], None],
        limits: Limits,
    ) -> None:
        self.calls: Counter[Kind] = Counter()  # requests that an org counts, by what they were for
        self.limits = limits
        self.user_id = ""  # of the session, where it is known
        self._login = login
        self._version = version
        self._http = http
        self._http.hooks["response"].append(self._note_usage)
        self._sleep = sleep
        self._api: Salesforce | None = None
        self._refused_sessions = 0  # since one was let through

    @property
    def quota(self) -> Allowance | None:
        """The org's daily API requests, as last told."""
        return self.limits.requests

    @property
    def base_path(self) -> str:
        """Where *path* of a request starts, e.g. ``/services/data/v65.0/``."""
        return f"/services/data/v{self._version}/"

    def json(self, request: Request) -> Any:
        """Send *request* and return the decoded answer; None where Salesforce sends no content.

        Raises:
            AnswerLost: *request* is not repeatable and may have taken effect.
            TooLarge: Salesforce wants less at a time.
            ConnectorError: Anything else, after the retries its verdict allows.
        """
        return self._patiently(self._send_json, request)

    def raw(self, request: Request) -> Raw:
        """Send *request*, its body as it is, and return the answer as it is (CSV of Bulk jobs).

        Raises:
            ConnectorError: As `json`.
        """
        answer: Raw = self._patiently(self._send_raw, request)
        return answer

    def identify(self) -> tuple[str, str]:
        """Log in, if that has not happened, and return the API's address and the user's Id.

        The Id is ``""`` where the login does not tell it.

        Raises:
            ConnectorError: Salesforce refuses the login.
        """
        return self._connected().base_url, self.user_id

    # --- attempts --------------------------------------------------------------------------

    def _patiently(self, send: Callable[[Salesforce, Request], Any], request: Request) -> Any:
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(FIRST_WAIT_S, LONGEST_WAIT_S) + wait_random(0, FIRST_WAIT_S),
            retry=retry_if_exception_type(Again),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, send, request)
        except Again as last:
            raise last.error from None

    def _attempt(self, send: Callable[[Salesforce, Request], Any], request: Request) -> Any:
        """Send once, and anew whenever the session turns out to have ended.

        A write that was answered with 401 was not executed, so this is safe for any request.
        """
        try:
            answer = self._once(send, request)
        except Expired as expired:
            self._end_session(request, expired)
            return self._attempt(send, request)
        self._refused_sessions = 0
        return answer

    def _end_session(self, request: Request, expired: Expired) -> None:
        """Have the next attempt open a session, unless new ones are refused as well."""
        self._api = None
        self._refused_sessions += 1
        if self._refused_sessions > MAX_REFUSED_SESSIONS:
            raise ConnectorError(
                f"Salesforce refused a session just opened for {request.what} (HTTP "
                f"{expired.status}). Check the connected app's session policies and the user's "
                "API access.",
                Fault.CONFIG,
            )

    def _once(self, send: Callable[[Salesforce, Request], Any], request: Request) -> Any:
        api = self._connected()
        self.limits.use(REQUESTS)
        self.calls[request.kind] += 1
        try:
            return send(api, request)
        except SalesforceError as error:
            raise refused(request, error.status, read_refusal(error.content)) from None
        except requests.RequestException as error:
            raise unanswered(request, error) from None

    def _connected(self) -> Salesforce:
        if self._api is None:
            session = self._login.open()
            self.user_id = session.user_id
            allow_loopback(self._http, session.instance_url)
            self._api = Salesforce(
                instance_url=session.instance_url,
                session_id=session.token,
                version=self._version,
                session=self._http,
            )
        return self._api

    # --- on the wire -----------------------------------------------------------------------

    def _send_json(self, api: Salesforce, request: Request) -> Any:
        return api.restful(
            request.path,
            params=None if request.params is None else dict(request.params),
            method=request.method,
            data=None if request.body is None else orjson.dumps(request.body),
            headers={**CLIENT, "Content-Type": request.content_type},
            allow_redirects=False,
        )

    def _send_raw(self, api: Salesforce, request: Request) -> Raw:
        response = self._http.request(
            request.method,
            api.base_url + request.path,
            params=request.params,
            data=request.body,
            headers={**api.headers, **CLIENT, "Content-Type": request.content_type},
            allow_redirects=False,
        )
        if response.status_code >= 300:  # noqa: PLR2004  (anything but success)
            raise SalesforceError("", response.status_code, request.path, response.content)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise ContentDecodingError("a page came where CSV or nothing was due")
        return Raw(response.content, response.headers)

    def _note_usage(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self.limits.take_header(response.headers.get("Sforce-Limit-Info", ""))
