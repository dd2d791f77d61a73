"""The OAuth endpoints: token, userinfo, revoke; and what changes them behind a client's back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from sandbox.paths import CONTROL
from sandbox.salesforce.auth.connected_app import ConnectedApp, new_connected_app
from sandbox.salesforce.auth.control import Change, change
from sandbox.salesforce.auth.grants import Attempt, OAuthError, authenticate
from sandbox.salesforce.org import ORGANIZATION_ID, Org

_ROTATED_TOKEN_BYTES = 24


def routes(org: Org) -> list[web.RouteDef]:
    """Return the routes; the connected app lives as long as they do."""
    login = _Login(org, new_connected_app())
    return [
        web.post("/services/oauth2/token", login.token),
        web.get("/services/oauth2/userinfo", login.userinfo),
        web.get("/id/{organization}/{user}", login.userinfo),
        web.post("/services/oauth2/revoke", login.revoke),
        web.post(f"{CONTROL}auth", login.control),
    ]


class _Login:
    """Handlers over one org and its connected app."""

    def __init__(self, org: Org, app: ConnectedApp) -> None:
        self._org = org
        self._app = app

    async def token(self, request: web.Request) -> web.Response:
        outage = self._app.outage
        if outage.times:
            outage.times -= 1
            return web.Response(status=outage.status, text=outage.body, content_type="text/html")
        form = await _form(request)
        attempt = Attempt(self._app, form, _origin(request), time.time())
        try:
            username = authenticate(attempt)
        except OAuthError as error:
            return _refusal(error.error, error.description)
        return web.json_response(self._grant(username, attempt))

    def _grant(self, username: str, attempt: Attempt) -> dict[str, str]:
        identity = f"{attempt.origin}/id/{ORGANIZATION_ID}/{self._user_id(username)}"
        issued_at = str(int(attempt.now_s * 1000))
        return {
            "access_token": self._org.issue_token(username),
            "signature": _signature(self._app.client_secret, identity + issued_at),
            "scope": "refresh_token api",
            "instance_url": attempt.origin,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
            **self._rotated(username, attempt),
        }

    def _rotated(self, username: str, attempt: Attempt) -> dict[str, str]:
        if not self._app.rotates or attempt.form["grant_type"] != "refresh_token":
            return {}
        token = secrets.token_urlsafe(_ROTATED_TOKEN_BYTES)
        self._app.refresh_tokens = {token: username}
        return {"refresh_token": token}

    def _user_id(self, username: str) -> str:
        [[user_id]] = self._org.rows('SELECT "Id" FROM "User" WHERE "Username" = ?', username)
        return str(user_id)

    async def userinfo(self, request: web.Request) -> web.Response:
        """Answer who is logged in; the ``id`` of a token answer leads here too."""
        username = self._org.sessions.username(_bearer(request))
        if username is None:
            return web.Response(status=403, text="Bad_OAuth_Token")
        return web.json_response(
            {
                "user_id": self._user_id(username),
                "organization_id": ORGANIZATION_ID,
                "preferred_username": username,
                "username": username,
                "email": username,
                "active": True,
            }
        )

    async def revoke(self, request: web.Request) -> web.Response:
        token = (await _form(request)).get("token", "")
        if self._app.refresh_tokens.pop(token, None) is not None:
            self._org.expire_sessions()
        elif self._org.sessions.username(token):
            self._org.sessions.revoke(token)
        else:
            return _refusal("invalid_token", "invalid token")
        return web.Response()

    async def control(self, request: web.Request) -> web.Response:
        try:
            change(self._org, self._app, Change.model_validate_json(await request.read()))
        except (ValidationError, KeyError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"refresh_tokens": list(self._app.refresh_tokens)})


async def _form(request: web.Request) -> dict[str, str]:
    posted = {name: str(value) for name, value in (await request.post()).items()}
    return {**_basic(request), **posted}


def _basic(request: web.Request) -> dict[str, str]:
    """Return the client's id and secret where they came by HTTP Basic."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _signature(secret: str, signed: str) -> str:
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _refusal(error: str, description: str) -> web.Response:
    body: dict[str, Any] = {"error": error, "error_description": description}
    return web.json_response(body, status=400)
