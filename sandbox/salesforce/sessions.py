"""Who is logged in: access tokens, and how they end."""

from __future__ import annotations

import secrets

from sandbox.salesforce.ids import SHORT_ID_CHARS, record_id

_TOKEN_START = record_id("00D", 1)[:SHORT_ID_CHARS] + "!AQ"
_TOKEN_BYTES = 32


class Sessions:
    """The live access tokens and whose they are."""

    def __init__(self) -> None:
        self._usernames: dict[str, str] = {}
        self._requests_left: int | None = None

    def issue(self, username: str) -> str:
        """Return a new access token, e.g. ``00DSB0000000001!AQ3f…``."""
        token = _TOKEN_START + secrets.token_hex(_TOKEN_BYTES)
        self._usernames[token] = username
        return token

    def username(self, token: str) -> str | None:
        """Return whose session *token* is, None if it is none."""
        return self._usernames.get(token)

    def ok(self, token: str) -> bool:
        """Say whether a request with *token* is let in, and count it."""
        if self._requests_left == 0:
            self.expire()
        elif self._requests_left:
            self._requests_left -= 1
        return token in self._usernames

    def expire(self) -> None:
        """End every session now."""
        self._usernames.clear()
        self._requests_left = None

    def expire_after(self, requests: int) -> None:
        """Let *requests* more requests in, then end every session that is live by then."""
        self._requests_left = requests

    def revoke(self, token: str) -> None:
        """End one session."""
        self._usernames.pop(token, None)
