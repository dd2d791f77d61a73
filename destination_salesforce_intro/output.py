"""Protocol messages on stdout: whole lines, each handed over at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import BinaryIO

import orjson

from destination_salesforce_intro import protocol
from destination_salesforce_intro.concealment import Concealment

AS_IT_IS = {"STATE", "SPEC", "DESTINATION_CATALOG", "CONTROL"}  # these must arrive as they are


def now_ms() -> int:
    """Return the time of day in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Output:
    """Writes messages as lines of JSON. A line goes out whole or not at all.

    Args:
        file: Where to.
        guard: Entered around every write; a signal must not end the process inside.
    """

    def __init__(
        self, file: BinaryIO, guard: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self._file = file
        self._guard = guard
        self._concealment = Concealment()

    def conceal(self, secret: str) -> None:
        """Let *secret* appear in no log line, trace or status from now on."""
        self._concealment.add(secret)

    def say(self, message: protocol.Message) -> None:
        """Write *message*; secrets are masked, but in what must arrive as it is.

        Raises:
            BrokenPipeError: Nobody reads any more.
        """
        if message["type"] not in AS_IT_IS:
            message = {**self._concealment.message(message), "type": message["type"]}
        line = orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
        with self._guard():
            _write_whole(self._file, line)
            self._file.flush()

    def log(self, level: protocol.Level, text: str) -> None:
        """Write a LOG message."""
        self.say(protocol.log(level, text))


def _write_whole(file: BinaryIO, content: bytes) -> None:
    """Write all of *content*; an unbuffered stdout takes only a part when a signal interrupts.

    Python opens it so when ``PYTHONUNBUFFERED`` is set, as in most images.
    """
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
