"""How to log in: one model per OAuth flow, told apart by ``type``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from destination_salesforce_intro.config.base import Secret, Setting, Text, Url


class RefreshToken(Setting):
    """A refresh token of a connected app; the secret only where the app asks for it."""

    type: Literal["refresh_token"]
    client_id: Text
    client_secret: Secret | None = None
    refresh_token: Secret


class ClientCredentials(Setting):
    """The app's own run-as user; Salesforce answers it on a My Domain login URL only."""

    type: Literal["client_credentials"]
    client_id: Text
    client_secret: Secret


class JwtBearer(Setting):
    """A signed assertion for a pre-authorised user; *private_key* is a PEM of the certificate."""

    type: Literal["jwt_bearer"]
    client_id: Text
    username: Text
    private_key: Secret


class Password(Setting):
    """The legacy password grant; blocked by default in newer orgs."""

    type: Literal["password"]
    client_id: Text
    client_secret: Secret
    username: Text
    password: Secret
    security_token: Secret | None = None


class AccessToken(Setting):
    """A ready token, for trying things out: it cannot be renewed."""

    type: Literal["access_token"]
    access_token: Secret
    instance_url: Url


Auth = Annotated[
    RefreshToken | ClientCredentials | JwtBearer | Password | AccessToken,
    Field(discriminator="type"),
]
