"""Lines on stdout arrive whole, whatever interrupts their writing."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

import orjson

from destination_salesforce_intro import protocol
from destination_salesforce_intro.output import Output


class Interrupted(io.RawIOBase):
    """An unbuffered stdout whose writes signals interrupt: it takes a few bytes at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        part = bytes(content[:7])
        self.taken += part
        return len(part)


def test_line_that_is_taken_in_parts_arrives_whole() -> None:
    stdout = Interrupted()
    Output(cast("BinaryIO", stdout)).say(protocol.log("INFO", "Nothing to do."))

    assert orjson.loads(stdout.taken)["log"]["message"] == "Nothing to do."
    assert stdout.taken.endswith(b"}\n")
