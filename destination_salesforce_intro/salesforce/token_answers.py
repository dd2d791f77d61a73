"""What the token endpoint answers: a token, or what to do about its refusal. Pure."""

from __future__ import annotations

from typing import Any

from destination_salesforce_intro.errors import ConnectorError, Fault

# What to do about each error of the token endpoint; the description narrows `invalid_grant`.
ADVICE = {
    "expired access/refresh token": "The refresh token was revoked, has expired, or was pushed out "
    "by newer connections of the same user and app. Authorise the app again.",
    "authentication failure": "Check the user name, password and security token, and that the user "
    "is active.",
    "user hasn't approved this consumer": "Pre-authorise the user for the connected app "
    "(permitted users, profiles or permission sets).",
    "audience": "Set login_url to https://test.salesforce.com for a sandbox org, to "
    "https://login.salesforce.com otherwise.",
    "invalid_client": "Check client_id and client_secret.",
    "invalid_client_id": "Check client_id.",
    "inactive_user": "Activate the user.",
    "inactive_org": "The org is locked, closed or suspended.",
    "unsupported_grant_type": "Enable this OAuth flow for the connected app.",
    "invalid_grant": "Check the credentials and the app's policies for this user.",
}
DEFAULT_ADVICE = "Check login_url and the settings under auth."


def read_token(status: int, body: Any) -> dict[str, Any]:
    """Return *body* if it holds a token.

    Raises:
        ConnectorError: CONFIG where the login was refused, TRANSIENT where it was not answered.
    """
    if not isinstance(body, dict):
        raise unreachable(f"HTTP {status} without JSON")
    if status == 200 and body.get("access_token") and body.get("instance_url"):  # noqa: PLR2004
        return body
    error = str(body.get("error", ""))
    if status >= 500 or error == "rate_limit_exceeded":  # noqa: PLR2004
        raise unreachable(f"HTTP {status} {error}".strip())
    raise ConnectorError(
        f"Salesforce refused the login (HTTP {status} {_known(error)}). "
        f"{_advice(error, str(body.get('error_description', '')))}",
        Fault.CONFIG,
    )


def _known(error: str) -> str:
    """Return *error* if it looks like a code; anything else is not ours to repeat."""
    return error if error.replace("_", "").isalpha() else "unknown error"


def _advice(error: str, description: str) -> str:
    narrowed = (words for part, words in ADVICE.items() if part in description.lower())
    return next(narrowed, ADVICE.get(error, DEFAULT_ADVICE))


def unreachable(why: str) -> ConnectorError:
    """Say that the login was not answered properly, and *why*."""
    return ConnectorError(
        f"Salesforce's login did not answer properly ({why}). Check login_url, or try again later.",
        Fault.TRANSIENT,
    )
