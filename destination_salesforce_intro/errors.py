"""What can go wrong, whose move it is, and what to do about it.

One exception class crosses module boundaries. Its message is for the operator: what happened and
what to do, with no secret and no personal data. What each of Salesforce's codes means is in
``codes``; how the evidence of an answer becomes one `Verdict` is in ``verdicts``.
"""

from __future__ import annotations

from enum import Enum


class Fault(str, Enum):
    """Who has to act; the values are the Airbyte protocol's failure types."""

    CONFIG = "config_error"  # the operator: a setting, a permission, a mapping
    TRANSIENT = "transient_error"  # nobody: a later sync will do
    SYSTEM = "system_error"  # us: a defect, or an answer nobody expected


class Verdict(str, Enum):
    """What to do about an error that Salesforce answered with."""

    RETRY = "retry"  # the same again, a little later
    RETRY_SMALLER = "retry smaller"  # again in smaller batches: locks, CPU and size limits
    REAUTHENTICATE = "reauthenticate"  # renew the session, then the same again
    LOOK_AGAIN = "look again"  # what we believed Salesforce holds is no longer so
    ACCEPT = "accept"  # what was asked for holds already
    REJECT = "reject"  # this row will never do; the others may
    STOP = "stop"  # no row will do


class ConnectorError(Exception):
    """A failure in one sentence: what happened, and what to do."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault


class AnswerLost(ConnectorError):  # noqa: N818  (it says what happened to the answer, not a class of errors)
    """A request that must not simply be repeated was sent, and nobody knows whether it took effect.

    Look at what Salesforce holds before sending it again.
    """


class TooLarge(ConnectorError):  # noqa: N818  (a statement about the request)
    """Salesforce refused a request for its size or cost: ask for less at a time."""
