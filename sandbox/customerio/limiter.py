"""How many requests a workspace may make: a window that moves, and a quota for the day. Pure."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

WINDOW_S = 1.0
REQUESTS_PER_WINDOW = 10  # App API reference: "requests are limited to 10 per second"


class Refusal(NamedTuple):
    """Why a request is refused. *retry_after_s* is None when the day's quota is used up."""

    retry_after_s: int | None


class Limiter:
    """Lets at most *per_second* requests through in any second; one bucket for all keys.

    Args:
        per_second: The most requests in any window of a second, or None for no limit.
    """

    def __init__(self, per_second: int | None) -> None:
        self.per_second = per_second
        self.quota_left: int | None = None
        self._admitted: deque[float] = deque()

    def admit(self, now_s: float) -> Refusal | None:
        """Count a request that came at *now_s* (never going back), or refuse and not count it."""
        if self.quota_left == 0:
            return Refusal(None)
        while self._admitted and now_s - self._admitted[0] >= WINDOW_S:
            self._admitted.popleft()
        if self.per_second is not None and len(self._admitted) >= self.per_second:
            return Refusal(1)
        self._count(now_s)
        return None

    def _count(self, now_s: float) -> None:
        self._admitted.append(now_s)
        if self.quota_left is not None:
            self.quota_left -= 1
