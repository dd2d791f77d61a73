"""From a request that failed to what the client does next: again, renew, look first, or give up."""

from __future__ import annotations

import requests
from urllib3.exceptions import NewConnectionError

from destination_salesforce_intro.errors import AnswerLost, ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.answers import Refusal
from destination_salesforce_intro.salesforce.verdicts import request_error, request_verdict
from destination_salesforce_intro.salesforce.wire import Request


class Again(Exception):  # noqa: N818  (a signal between two functions)
    """The request may be sent again after a pause; *error* is what to say if it never works."""

    def __init__(self, error: ConnectorError) -> None:
        super().__init__()
        self.error = error


class Expired(Exception):  # noqa: N818  (a signal between two functions)
    """The session does not hold any more; the request was not executed."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def refused(request: Request, status: int, refusal: Refusal) -> Exception:
    """Return what to raise for a request that Salesforce answered with an error *status*."""
    verdict = request_verdict(status, refusal)
    error = request_error(status, refusal, request.what)
    if verdict is Verdict.REAUTHENTICATE:
        return Expired(status)
    if verdict is not Verdict.RETRY:
        return error
    begun = status >= 500  # noqa: PLR2004  (a 4xx that passes is a refusal to begin)
    if begun and not request.repeatable:
        return _lost(request)
    return Again(error)


def unanswered(request: Request, error: Exception) -> Exception:
    """Return what to raise for a request whose answer never came, or came broken."""
    if not request.repeatable and not _never_sent(error):
        return _lost(request)
    return Again(
        ConnectorError(
            f"Salesforce did not answer {request.what} ({type(error).__name__}), in several "
            "attempts. Check the network, or try again later.",
            Fault.TRANSIENT,
        )
    )


def _never_sent(error: Exception) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _lost(request: Request) -> AnswerLost:
    return AnswerLost(
        f"The answer to {request.what} was lost; it may or may not have taken effect.",
        Fault.TRANSIENT,
    )
