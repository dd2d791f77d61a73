"""When the next request may leave.

All threads of a client share one `Pace`. Customer.io allows 10 requests in a second to a whole
workspace, so what counts is any second as the *server* sees it, not the average. Two rules hold
that line. Requests get evenly spaced slots; and none leaves before a second, and a little more,
has passed since the one that opened its window really left. The "little more" is what network and
scheduling may shift requests towards each other; it costs 4.5 % of the rate.

Time is an argument: *clock* counts seconds and never goes backwards, *sleep* waits for that many.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

SLOT_MARGIN = 0.045  # of a slot: the slots alone leave 45 ms of play in every second
WINDOW_MARGIN = 0.035  # seconds kept of that play, however late single threads wake up


class Pace:
    """Lets at most *requests_per_second* (rounded up) requests leave in any second."""

    def __init__(
        self, requests_per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._spacing = (1 + SLOT_MARGIN) / requests_per_second
        self._sent: deque[float] = deque(maxlen=math.ceil(requests_per_second))
        self._next_slot = -math.inf
        self._held_until = -math.inf
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when a request may leave; send it at once."""
        slot = self._take_slot()
        while (delay := self._delay(slot)) > 0:
            self._sleep(delay)
            if slot < self._held_until:  # all whose slots fell into the pause would leave at once
                slot = self._take_slot()

    def hold(self, seconds: float) -> None:
        """Let no request leave for *seconds*, whichever thread wants to send it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._next_slot = max(self._next_slot, self._held_until)

    def _take_slot(self) -> float:
        with self._lock:
            slot = max(self._next_slot, self._clock())
            self._next_slot = slot + self._spacing
            return slot

    def _delay(self, slot: float) -> float:
        """Return the seconds still to wait, or 0 and count the request as sent now."""
        with self._lock:
            now = self._clock()
            free = max(slot, self._held_until, self._window_opens())
            if now >= free:
                self._sent.append(now)
            return max(0.0, free - now)

    def _window_opens(self) -> float:
        full = len(self._sent) == self._sent.maxlen
        return self._sent[0] + 1 + WINDOW_MARGIN if full else -math.inf
