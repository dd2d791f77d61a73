"""SIGTERM and SIGINT end the process at once, but never inside a line of output."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGTERM, signal.SIGINT)
SIGNAL_EXIT_CODE = 128  # plus the signal's number, as shells report it


class Interruption:
    """Turns the first of these signals into `SystemExit`; later ones change nothing."""

    def __init__(self) -> None:
        self._guarded = False
        self._pending: int | None = None

    def install(self) -> None:
        """Listen from now on."""
        for number in STOPPING:
            signal.signal(number, self._take)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Put a signal off until the block has ended."""
        self._guarded = True
        try:
            yield
        finally:
            self._guarded = False
        if self._pending is not None:
            self._leave(self._pending)

    def finish(self, code: int) -> NoReturn:
        """End the process with *code*; where a signal is the cause, at once and as it would have.

        A shell reports both alike. A parent that sees the signal itself knows its own doing in it:
        PyAirbyte stops `check` and `discover` once they have answered, and takes a 143 for a
        failure. Whatever comes now comes after the last word, and does its usual work.
        """
        for each in STOPPING:
            signal.signal(each, signal.SIG_DFL)
        if code < SIGNAL_EXIT_CODE:
            sys.exit(code)
        os.kill(os.getpid(), code - SIGNAL_EXIT_CODE)
        os._exit(code)  # the first process of a container does not die of its own signal

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._guarded:
            self._pending = number
        else:
            self._leave(number)

    def _leave(self, number: int) -> None:
        self._pending = None
        for each in STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(SIGNAL_EXIT_CODE + number)
