"""Reading a file of rejected records back as the records they were. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from destination_salesforce_intro.changes import Received, Records
from destination_salesforce_intro.errors import ConnectorError, Fault


def replayed(name: str, content: bytes) -> Iterator[Records]:
    """Yield the records in *content*, the file *name*, each once and in their order.

    A record that two mappings refused has two lines, one after the other or not; it is sent once.

    Raises:
        ConnectorError: CONFIG; a line is damaged.
    """
    seen: set[tuple[str, bytes]] = set()
    for number, line in enumerate(content.splitlines(), 1):
        stream, data = _read(name, number, line)
        once = (stream, orjson.dumps(data, option=orjson.OPT_SORT_KEYS))
        if once not in seen:
            seen.add(once)
            yield Records(stream, [Received(stream, number, data)])


def _read(name: str, number: int, line: bytes) -> tuple[str, dict[str, object]]:
    try:
        parsed = orjson.loads(line)
        return str(parsed["stream"]), dict(parsed["record"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise ConnectorError(
            f"Line {number} of {name} is not a rejected record. Correct or remove the line, and "
            "replay again; what came before it is written.",
            Fault.CONFIG,
        ) from None
