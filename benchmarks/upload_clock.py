"""The destination as it is, and what the processor had done when the last upload ended.

    python -m benchmarks.upload_clock write --config config.json --catalog catalog.json

Besides what the destination prints, one line of JSON goes to stderr: the processor time of the
process, in seconds, when it read the first line of its input and when it had sent the last PUT.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import requests

from destination_salesforce_intro import run

MARKS: dict[str, float] = {}


class Input(io.TextIOWrapper):
    """stdin, with a mark at the first line that is read."""

    @property
    def buffer(self) -> Any:
        """The lines, read from the real buffer."""
        return _marked(super().buffer)


def _marked(lines: Any) -> Iterator[bytes]:
    MARKS["first_line_s"] = time.process_time()
    yield from lines


class Clock(requests.Session):
    """A session that takes the time after every PUT."""

    def request(self, method: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and mark the time."""
        response = super().request(method, *args, **kwargs)
        if method == "PUT":
            MARKS["last_put_s"] = time.process_time()
        return response


def main() -> None:
    """Run the destination between the marks."""
    requests.Session = Clock  # type: ignore[misc]  # the product is to know nothing of this
    sys.stdin = Input(sys.stdin.buffer)
    try:
        run.main()
    finally:
        print(json.dumps(MARKS), file=sys.stderr)


if __name__ == "__main__":
    main()
