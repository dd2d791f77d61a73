"""The connected app that clients log in through: its secrets, its users, its refresh token."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.salesforce.org import INTEGRATION_USERNAME

CLIENT_ID = "3MVG9sandbox.connected.app"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  # opens the sandbox only
REFRESH_TOKEN = "5Aep861sandbox.refresh.token"  # noqa: S105  # opens the sandbox only
PASSWORD = "sandbox-password"  # noqa: S105  # opens the sandbox only
SECURITY_TOKEN = "sandboxSecurityToken"  # noqa: S105  # opens the sandbox only

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65_537


@dataclass
class User:
    """Somebody who may log in; *approved* is an administrator's leave to use the app."""

    password: str
    security_token: str
    active: bool = True
    approved: bool = True


@dataclass
class Outage:
    """The next *times* token requests get this answer instead of their own."""

    times: int
    status: int
    body: str


@dataclass
class ConnectedApp:
    """What decides who gets in. The client credentials run as *run_as*."""

    client_id: str
    client_secret: str
    public_key: str
    run_as: str
    users: dict[str, User]
    refresh_tokens: dict[str, str]  # token -> username
    rotates: bool = False
    outage: Outage = field(default_factory=lambda: Outage(0, 503, ""))


@cache
def private_key() -> str:
    """Return the PEM of the key that signs assertions: one for the life of the process."""
    key = rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=_KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def credentials() -> dict[str, dict[str, str]]:
    """Return what the token endpoint accepts, by auth type, under the destination's setting names.

    ``{"refresh_token": {"client_id": "…", "client_secret": "…", "refresh_token": "…"}, …}``
    """
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    user = {"username": INTEGRATION_USERNAME}
    secrets = {"password": PASSWORD, "security_token": SECURITY_TOKEN}
    return {
        "refresh_token": {**client, "refresh_token": REFRESH_TOKEN},
        "client_credentials": client,
        "jwt_bearer": {"client_id": CLIENT_ID, **user, "private_key": private_key()},
        "password": {**client, **user, **secrets},
    }


def new_connected_app() -> ConnectedApp:
    """Return the app that ``credentials`` fit."""
    return ConnectedApp(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        public_key=_public_key(private_key()),
        run_as=INTEGRATION_USERNAME,
        users={INTEGRATION_USERNAME: User(PASSWORD, SECURITY_TOKEN)},
        refresh_tokens={REFRESH_TOKEN: INTEGRATION_USERNAME},
    )


def _public_key(private_pem: str) -> str:
    key = load_pem_private_key(private_pem.encode(), password=None)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()
