"""What can go wrong, and whose move it is.

One exception class crosses module boundaries, and one more that is not a failure: a segment that
is not there. Messages are for the operator: what happened and what to do, with no secret and no
personal data.
"""

from __future__ import annotations

from enum import Enum


class Fault(str, Enum):
    """Who has to act; the values are the Airbyte protocol's failure types."""

    CONFIG = "config_error"  # the operator: a setting, a key, a permission
    TRANSIENT = "transient_error"  # nobody: a later sync will do
    SYSTEM = "system_error"  # us: a defect, or an answer nobody expected


class ConnectorError(Exception):
    """A failure in one sentence: what happened, and what to do."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault


class KeyRefusedError(ConnectorError):
    """Customer.io refuses the key: it is wrong, or of the other region."""


class SegmentGone(Exception):  # noqa: N818 - a fact to decide about, not an error
    """Customer.io answers 404 for a segment: archived or deleted, so *unknown*, never *empty*."""

    def __init__(self, segment_id: int) -> None:
        super().__init__(f"segment {segment_id} is archived or deleted")
        self.segment_id = segment_id


class Verdict(Enum):
    """What an HTTP status asks for."""

    ACCEPT = "accept"
    RETRY = "retry"  # the same request will do later; every request of this source is a read
    GONE = "gone"  # what was asked for is not there
    REFUSED = "refused"  # the key does not open this
    STOP = "stop"  # asking again would not help


# "App API reference, errors"; 522 and 524 as Customer.io's own client treats them.
_BY_STATUS = {
    200: Verdict.ACCEPT,
    401: Verdict.REFUSED,
    403: Verdict.REFUSED,
    404: Verdict.GONE,
    408: Verdict.RETRY,
    429: Verdict.RETRY,
}
_FIRST_SERVER_ERROR = 500


def judge(status: int) -> Verdict:
    """Return what to do about an answer of *status*; what nobody expects stops the read."""
    if status >= _FIRST_SERVER_ERROR:
        return Verdict.RETRY
    return _BY_STATUS.get(status, Verdict.STOP)
