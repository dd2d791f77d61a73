"""Changes to the connected app that a test or a demo asks for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sandbox.salesforce.auth.connected_app import ConnectedApp, Outage
from sandbox.salesforce.org import Org

_MAINTENANCE = "<html><body>We are down for maintenance.</body></html>"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserChange(_Part):
    """``{"username": "...", "active": false}``; what is absent stays."""

    username: str
    active: bool | None = None
    approved: bool | None = None


class OutageChange(_Part):
    """The next *times* token requests fail with *status* and a page of HTML."""

    times: int = 1
    status: int = 503
    body: str = _MAINTENANCE


class Change(_Part):
    """The body of ``POST /__sandbox__/auth``: ``{"rotate": true}``, ``{"revoke": true}``, ....

    *revoke* ends every refresh token and session. *rotate* says whether from now on each refresh
    answers a new refresh token and ends the old one.
    """

    revoke: bool = False
    rotate: bool | None = None
    user: UserChange | None = None
    outage: OutageChange | None = None


def change(org: Org, app: ConnectedApp, wanted: Change) -> None:
    """Make the changes that *wanted* names.

    Raises:
        KeyError: There is no such user.
    """
    if wanted.revoke:
        app.refresh_tokens.clear()
        org.expire_sessions()
    if wanted.rotate is not None:
        app.rotates = wanted.rotate
    if wanted.user:
        _change_user(org, app, wanted.user)
    if wanted.outage:
        app.outage = Outage(**wanted.outage.model_dump())


def _change_user(org: Org, app: ConnectedApp, wanted: UserChange) -> None:
    user = app.users[wanted.username]
    if wanted.approved is not None:
        user.approved = wanted.approved
    if wanted.active is not None:
        user.active = wanted.active
    if not user.active:
        org.expire_sessions()
