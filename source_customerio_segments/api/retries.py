"""When a request is worth repeating, how long to wait first, and when to give up.

Every request of this source is a read, so repeating one is always safe. Each kind of failure has
its patience: a 429 that says when to come back is the workspace being busy, a 429 that does not is
its daily quota, a whole answer to something else is strange and hardly gets better, anything else
(5xx, a reset, half a body) is an accident.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from enum import Enum

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from source_customerio_segments.errors import ConnectorError, Fault

MIN_RETRY_AFTER_S, MAX_RETRY_AFTER_S = 1.0, 300.0  # the most as Customer.io's own client has it
MAX_TOTAL_S = 1800.0


class Patience(Enum):
    """What went wrong, as far as it decides how often a request is sent."""

    BUSY = "busy"
    QUOTA = "quota"
    ACCIDENT = "accident"
    STRANGE = "strange"


ATTEMPTS = {
    Patience.BUSY: 30,  # as Airbyte's connector for this API: others may use up the 10 a second
    Patience.QUOTA: 8,
    Patience.ACCIDENT: 8,
    Patience.STRANGE: 4,
}


_AFTERWARDS = {
    Patience.QUOTA: "The workspace's quota of App API requests for today is probably used up",
    Patience.STRANGE: "A later sync asks again; report it if it stays",
}


class AgainError(Exception):
    """The same request may succeed later; *reason* says what happened to it.

    Args:
        reason: Goes into the message when patience ends: "answered 503".
        patience: How often to try.
        wait_s: When the server said how long to wait, and everyone does (see `Pace.hold`).
    """

    def __init__(self, reason: str, patience: Patience, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.patience = patience
        self.wait_s = wait_s

    def for_good(self, label: str) -> ConnectorError:
        """Return what the operator is told when patience has ended."""
        text = _AFTERWARDS.get(self.patience, "A later sync goes on where this one ends")
        times = ATTEMPTS[self.patience]
        return ConnectorError(
            f"Customer.io {self.reason} to the request for {label}, {times} times. {text}.",
            Fault.TRANSIENT,
        )


def retrying(sleep: Callable[[float], None], hold: Callable[[float], None]) -> Retrying:
    """Build what calls a function until it raises no `AgainError`, or patience ends.

    A wait for the daily quota is everyone's: it goes to *hold* as well.
    """
    too_long = stop_after_delay(MAX_TOTAL_S)

    def share(state: RetryCallState) -> None:
        if _again(state).patience is Patience.QUOTA:
            hold(state.upcoming_sleep)

    return Retrying(
        sleep=sleep,
        wait=_wait_s,
        stop=lambda state: _tried_enough(state) or too_long(state),
        retry=retry_if_exception_type(AgainError),
        before_sleep=share,
        reraise=True,
    )


def backoff_s(attempt: int, chance: float) -> float:
    """Return the wait after *attempt* (1, 2, …): it doubles from 1 s up to 60 s.

    *chance*, from 0 to 1, shortens it by up to a half so that threads do not return together.
    """
    return float(min(2 ** (attempt - 1), 60)) * (1 - chance / 2)


def retry_after_s(header: str | None, date: str | None) -> float | None:
    """Read a ``Retry-After`` header, seconds or an HTTP date, as seconds from now.

    A date is compared with the ``Date`` of the same answer: the server's clock, not ours.

    Returns:
        1 to 300, or None when the header is absent or says nothing readable.
    """
    seconds = None if header is None else _seconds(header.strip(), date or "")
    return None if seconds is None else min(max(seconds, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S)


def _seconds(text: str, date: str) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):  # unreadable; or only one of them tells its time zone
        return None


def _again(state: RetryCallState) -> AgainError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, AgainError):
        raise TypeError("asked about a call that did not fail with AgainError")
    return error


def _tried_enough(state: RetryCallState) -> bool:
    return state.attempt_number >= ATTEMPTS[_again(state).patience]


def _wait_s(state: RetryCallState) -> float:
    if _again(state).wait_s is not None:
        return 0.0  # the pace is held already
    return backoff_s(state.attempt_number, random.random())  # noqa: S311 - jitter, not a secret
