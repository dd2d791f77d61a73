"""The Customer.io App API over HTTP: one method per endpoint.

``wire`` says what to send and what an answer means, ``errors`` judges a status, ``retries`` and
``pace`` say when, ``connection`` sends; this module brings them together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

import orjson
import requests

from source_customerio_segments.api import wire
from source_customerio_segments.api.connection import IN_FLIGHT, TIMEOUT_S, Connection
from source_customerio_segments.api.pace import Pace
from source_customerio_segments.api.parallel import map_ahead
from source_customerio_segments.api.retries import AgainError, Patience, retry_after_s, retrying
from source_customerio_segments.changes import Activity, Page, Profile, Segment
from source_customerio_segments.config import Config
from source_customerio_segments.errors import (
    ConnectorError,
    Fault,
    KeyRefusedError,
    SegmentGone,
    Verdict,
    judge,
)

TOO_MANY_REQUESTS = 429

T = TypeVar("T")
_Ask = Callable[[str | None], wire.Request]
_ParsePage = Callable[[object], tuple[T, str | None]]


class _RejectedError(ConnectorError):
    """The answer was a status that asking again does not change."""


class _GoneError(_RejectedError):
    """... and that status was 404."""


class _ExpiredError(_RejectedError):
    """... and the request held a page token, which is the likely cause."""


class CustomerioClient:
    """Reads one workspace, within its rate limit, repeating what is worth repeating.

    Usable from several threads. Every method raises `ConnectorError` when the API refuses the key
    (CONFIG), stays unreachable or busy (TRANSIENT) or answers what nobody expects (SYSTEM).

    Args:
        config: Names host, key and rate.
        timeout_s: To connect, and between two reads of an answer.
        clock: Counts seconds and never goes backwards.
        sleep: Waits for that many seconds; by default `close` ends the wait.
    """

    def __init__(
        self,
        config: Config,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._closed = threading.Event()
        self._region = config.region
        self._pace = Pace(config.requests_per_second, clock, sleep or self._wait)
        self._retrying = retrying(sleep or self._wait, self._pace.hold)
        self._connection = Connection(
            config.base_url, config.app_api_key.get_secret_value(), timeout_s
        )

    def close(self) -> None:
        """Drop the connections; calls that wait in other threads end without another request."""
        self._closed.set()
        self._connection.close()

    def segments(self) -> list[Segment]:
        """Return every segment that is not archived."""
        return self._read(wire.segments_request(), wire.segments)

    def membership(self, segment_id: int) -> Iterator[Page]:
        """Yield all pages of a segment's members; ends only after an empty ``next``.

        A person may come twice: someone moved while paging, or a page token expired and the
        segment was begun again, which happens once.

        Raises:
            SegmentGone: The segment is archived or deleted, before or while it was read.
        """
        ask = partial(wire.membership_request, segment_id)
        try:
            yield from self._pages(ask, wire.membership)
        except _GoneError:
            raise SegmentGone(segment_id) from None

    def activities(self, kind: str, name: str | None = None) -> Iterator[list[Activity]]:
        """Yield the pages of the activity log, newest first by the activities' own time.

        Customer.io guarantees the last 30 days. The reader stops when it has enough. As with
        `membership`, an activity may come twice.

        Args:
            kind: One of Customer.io's activity types, such as ``event``.
            name: Of an event; None for all.
        """
        return self._pages(partial(wire.activities_request, kind, name), wire.activities)

    def _pages(self, ask: _Ask, parse: _ParsePage[T]) -> Iterator[T]:
        """Follow the tokens to the end; begin again, once, if one of them has expired."""
        try:
            yield from self._follow(ask, parse)
        except _ExpiredError:
            yield from self._follow(ask, parse)

    def _follow(self, ask: _Ask, parse: _ParsePage[T]) -> Iterator[T]:
        start: str | None = None
        seen: set[str] = set()
        while True:
            page, start = self._page(ask(start), parse)
            yield page
            if start is None:
                return
            if start in seen:
                raise ConnectorError(_endless(ask(start).label), Fault.SYSTEM)
            seen.add(start)

    def _page(self, request: wire.Request, parse: _ParsePage[T]) -> tuple[T, str | None]:
        try:
            return self._read(request, parse)
        except _GoneError:
            raise
        except _RejectedError as error:
            if "start" not in request.params:
                raise
            raise _ExpiredError(error.message, error.fault) from None

    def customer_count(self, segment_id: int) -> int:
        """Return the number of members as Customer.io counts them.

        Raises:
            SegmentGone: The segment is archived or deleted.
        """
        try:
            return self._read(wire.customer_count_request(segment_id), wire.customer_count)
        except _GoneError:
            raise SegmentGone(segment_id) from None

    def attributes(
        self, batches: Iterable[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], list[Profile]]]:
        """Yield each batch of at most 100 cio_ids with the profiles that exist, in order.

        Several requests are in flight; *batches* is drawn lazily, a few ahead.
        """
        return map_ahead(self._batch, batches, IN_FLIGHT)

    def _batch(self, cio_ids: Sequence[str]) -> tuple[Sequence[str], list[Profile]]:
        return cio_ids, self._read(wire.attributes_request(cio_ids), wire.profiles)

    def _read(self, request: wire.Request, parse: Callable[[object], T]) -> T:
        try:
            answer: T = self._retrying(self._once, request, parse)
        except AgainError as again:
            raise again.for_good(request.label) from None
        return answer

    def _once(self, request: wire.Request, parse: Callable[[object], T]) -> T:
        self._pace.wait()
        response = self._connection.send(request)
        verdict = judge(response.status_code)
        if verdict is not Verdict.ACCEPT:
            raise self._failure(verdict, request, response)
        try:
            answer = orjson.loads(response.content)
        except ValueError as error:
            raise AgainError("gave an unreadable answer", Patience.ACCIDENT) from error
        try:
            return parse(answer)
        except ValueError as error:
            raise AgainError("gave an answer without what was asked", Patience.STRANGE) from error

    def _wait(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise ConnectorError("The sync was ended while it read.", Fault.TRANSIENT)

    def _failure(
        self, verdict: Verdict, request: wire.Request, response: requests.Response
    ) -> Exception:
        status = response.status_code
        if status == TOO_MANY_REQUESTS:
            return self._throttled(response.headers)
        if verdict is Verdict.RETRY:
            return AgainError(f"answered {status}", Patience.ACCIDENT)
        if verdict is Verdict.REFUSED:
            return KeyRefusedError(_refusal(status, self._region), Fault.CONFIG)
        kind = _GoneError if verdict is Verdict.GONE else _RejectedError
        return kind(_surprise(status, request.label), Fault.SYSTEM)

    def _throttled(self, headers: Mapping[str, str]) -> AgainError:
        wait_s = retry_after_s(headers.get("Retry-After"), headers.get("Date"))
        if wait_s is None:
            return AgainError("answered 429", Patience.QUOTA)
        self._pace.hold(wait_s)
        return AgainError("answered 429", Patience.BUSY, wait_s)


# --- messages ----------------------------------------------------------------------------------


def _refusal(status: int, region: str) -> str:
    return (
        f"Customer.io refuses the App API key ({status}). Check app_api_key, and region (now "
        f'"{region}"): a key of the other region is refused too, as is a Track API key or an '
        "address outside the account's IP allowlist."
    )


def _surprise(status: int, label: str) -> str:
    return (
        f"Customer.io answered {status} to the request for {label}, which this connector does not "
        "expect there. Check api_url if it is set; otherwise report it with the time of day."
    )


def _endless(label: str) -> str:
    return (
        f"Customer.io gave the same page token twice for {label}, which cannot be read whole "
        "then. A later sync begins it again."
    )
