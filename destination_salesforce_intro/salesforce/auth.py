"""Logging in: the OAuth token exchange of every flow, by ourselves.

simple-salesforce knows no refresh tokens and no login host but Salesforce's own. What the token
endpoint answers is described in the help pages on OAuth flows and their errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import jwt
import requests
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from destination_salesforce_intro.config import (
    AccessToken,
    Auth,
    ClientCredentials,
    JwtBearer,
    Password,
    RefreshToken,
)
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.salesforce.token_answers import read_token, unreachable

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  (a path)
ASSERTION_LIFE_S = 180  # Salesforce refuses assertions that live much longer
ATTEMPTS = 5
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"


class Session(NamedTuple):
    """A session of the REST API: the token, and the host that takes it."""

    token: str
    instance_url: str
    user_id: str = ""  # where the token endpoint tells it

    def __repr__(self) -> str:
        return f"Session(instance_url={self.instance_url!r})"


class KeepsKeys(Protocol):
    """Looks after the secrets of a login that were not in the settings."""

    def conceal(self, secret: str) -> None:
        """Let *secret* appear in no log; told before anything could log it."""

    def keep(self, refresh_token: str) -> None:
        """Have the next run use *refresh_token*: the org has ended the one in the settings."""


class Login:
    """Opens sessions for one configured user.

    Args:
        auth: The configured flow.
        login_url: Scheme and host of the token endpoint.
        http: Sends the requests.
        now: Seconds since the epoch, for the life of a JWT assertion.
        sleep: Waits that many seconds between attempts.
        keys: Is told of every secret that comes into being.
    """

    def __init__(
        self,
        auth: Auth,
        login_url: str,
        http: requests.Session,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        keys: KeepsKeys,
    ) -> None:
        self._auth = auth
        self._login_url = login_url
        self._http = http
        self._now = now
        self._sleep = sleep
        self._keys = keys
        self._rotated: str | None = None  # the newest refresh token, where the org rotates them
        self._opened = False

    def open(self) -> Session:
        """Return a fresh session.

        Raises:
            ConnectorError: CONFIG when the credentials are refused, TRANSIENT when the token
                endpoint did not answer properly in several attempts.
        """
        if isinstance(self._auth, AccessToken):
            return self._given(self._auth)
        form = self._form(self._auth)
        answer = self._exchange(form)
        for name in ("access_token", "refresh_token"):
            if answer.get(name):
                self._keys.conceal(str(answer[name]))
        self._rotate(form.get("refresh_token"), answer.get("refresh_token"))
        return _session(answer)

    def _given(self, auth: AccessToken) -> Session:
        if self._opened:
            raise ConnectorError(
                "The access token has expired or was revoked, and it cannot be renewed. Set a new "
                "one, or use one of the other auth types.",
                Fault.CONFIG,
            )
        self._opened = True
        return Session(auth.access_token.get_secret_value(), auth.instance_url)

    def _form(self, auth: Auth) -> dict[str, str]:
        if isinstance(auth, JwtBearer):
            assertion = _assertion(auth, audience(self._login_url), self._now())
            self._keys.conceal(assertion)
            return {"grant_type": JWT_GRANT, "assertion": assertion}
        if isinstance(auth, ClientCredentials):
            _require_my_domain(self._login_url)
        return _form(auth, self._rotated)

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(0.5, 20) + wait_random(0, 0.5),
            retry=retry_if_exception(_passes),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._ask, form)

    def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            answer = self._http.post(
                self._login_url + TOKEN_PATH,
                data=form,
                headers={"Accept": "application/json"},
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise unreachable(type(error).__name__) from None
        return read_token(answer.status_code, _json(answer))

    def _rotate(self, used: str | None, given: str | None) -> None:
        """Use the refresh token *given* from now on, if it is another than the one *used*."""
        if used and given and given != used:
            self._rotated = given
            self._keys.keep(given)


def _session(answer: Mapping[str, Any]) -> Session:
    user = str(answer.get("id", "")).rpartition("/")[2]  # …/id/<org>/<user>
    return Session(str(answer["access_token"]), str(answer["instance_url"]).rstrip("/"), user)


def audience(login_url: str) -> str:
    """Return the JWT audience for *login_url*: Salesforce takes its two login hosts only.

    A My Domain host stands for one of them, by whether it is a sandbox's
    (``acme--uat.sandbox.my.salesforce.com``).
    """
    host = urlsplit(login_url).hostname or ""
    return SANDBOX if host.startswith("test.") or ".sandbox." in host else PRODUCTION


def _form(auth: Auth, rotated: str | None) -> dict[str, str]:
    form = {"client_id": getattr(auth, "client_id", "")}
    secret = getattr(auth, "client_secret", None)
    if secret is not None:
        form["client_secret"] = secret.get_secret_value()
    if isinstance(auth, RefreshToken):
        token = rotated or auth.refresh_token.get_secret_value()
        return {"grant_type": "refresh_token", "refresh_token": token, **form}
    if isinstance(auth, Password):
        return {"grant_type": "password", "username": auth.username, **form, **_password(auth)}
    return {"grant_type": "client_credentials", **form}


def _password(auth: Password) -> dict[str, str]:
    token = auth.security_token.get_secret_value() if auth.security_token else ""
    return {"password": auth.password.get_secret_value() + token}


def _assertion(auth: JwtBearer, aud: str, now: float) -> str:
    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": aud,
        "exp": int(now) + ASSERTION_LIFE_S,
    }
    # A form that keeps one line turns the PEM's line ends into the two characters \n.
    pem = auth.private_key.get_secret_value().replace("\\n", "\n")
    try:
        return jwt.encode(claims, pem, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ConnectorError(
            "auth.private_key is not a PEM private key for RS256. Paste the whole key, its BEGIN "
            "and END lines included, without a passphrase.",
            Fault.CONFIG,
        ) from None


def _require_my_domain(login_url: str) -> None:
    if login_url in {PRODUCTION, SANDBOX}:
        raise ConnectorError(
            "Salesforce grants client credentials on a My Domain host only. Set login_url to "
            "https://<your domain>.my.salesforce.com.",
            Fault.CONFIG,
        )


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return None


def _passes(error: BaseException) -> bool:
    return isinstance(error, ConnectorError) and error.fault is Fault.TRANSIENT
