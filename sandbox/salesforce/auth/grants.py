"""Who is let in by the token endpoint, grant by grant; decisions only.

Vendor facts: "OAuth Authorization Flows" and "OAuth 2.0 Authorization Errors" of Salesforce help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt

from sandbox.salesforce.auth.connected_app import ConnectedApp, User

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PRODUCTION = "https://login.salesforce.com"


class OAuthError(Exception):
    """A refusal, as ``400 {"error": error, "error_description": description}``."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Attempt(NamedTuple):
    """One request for a token.

    *form* holds the client's id and secret even when they came by HTTP Basic. *origin* is the
    address the request came to.
    """

    app: ConnectedApp
    form: Mapping[str, str]
    origin: str
    now_s: float


def authenticate(attempt: Attempt) -> str:
    """Return the user that the attempt logs in.

    Raises:
        OAuthError: The attempt is refused.
    """
    grant = _GRANTS.get(attempt.form.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return grant(attempt)


def _refresh_token(attempt: Attempt) -> str:
    _require_client(attempt)
    username = attempt.app.refresh_tokens.get(attempt.form.get("refresh_token", ""))
    if username is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return _active(attempt, username)


def _client_credentials(attempt: Attempt) -> str:
    _require_client(attempt)
    return _active(attempt, attempt.app.run_as)


def _password(attempt: Attempt) -> str:
    _require_client(attempt)
    username = attempt.form.get("username", "")
    user = attempt.app.users.get(username)
    given = attempt.form.get("password", "")
    if user is None or not user.active or given != user.password + user.security_token:
        raise OAuthError("invalid_grant", "authentication failure")
    return username


def _jwt_bearer(attempt: Attempt) -> str:
    claims = _claims(attempt)
    if claims.get("iss") != attempt.app.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in (PRODUCTION, attempt.origin):
        raise OAuthError("invalid_grant", "audience is invalid")
    if not isinstance(claims.get("exp"), (int, float)) or claims["exp"] <= attempt.now_s:
        raise OAuthError("invalid_grant", "expired authorization code")
    username = str(claims.get("sub"))
    if not _user(attempt, username).approved:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _active(attempt, username)


_GRANTS: dict[str, Callable[[Attempt], str]] = {
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
    "password": _password,
    JWT_BEARER: _jwt_bearer,
}


def _claims(attempt: Attempt) -> dict[str, Any]:
    # The audience and the expiry are judged by our own clock and address, in Salesforce's words.
    options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    assertion = attempt.form.get("assertion", "")
    try:
        return jwt.decode(assertion, attempt.app.public_key, algorithms=["RS256"], options=options)
    except jwt.PyJWTError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error


def _require_client(attempt: Attempt) -> None:
    if attempt.form.get("client_id") != attempt.app.client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if attempt.form.get("client_secret") != attempt.app.client_secret:
        raise OAuthError("invalid_client", "invalid client credentials")


def _user(attempt: Attempt, username: str) -> User:
    user = attempt.app.users.get(username)
    if user is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return user


def _active(attempt: Attempt, username: str) -> str:
    if not _user(attempt, username).active:
        raise OAuthError("inactive_user", "user is inactive")
    return username
