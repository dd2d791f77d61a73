"""The upper bound: a loop of orjson, with no state, no comparison and no protocol but the line."""

from __future__ import annotations

import sys
import time

import orjson

from benchmarks.baselines.members import STREAM, pages, record, settings


def main() -> None:
    """Write every member's record."""
    for page in pages(settings(sys.argv[1])):
        for member in page:
            at = time.time_ns() // 1_000_000
            body = {"stream": STREAM, "data": record(member), "emitted_at": at}
            message = {"type": "RECORD", "record": body}
            sys.stdout.buffer.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
