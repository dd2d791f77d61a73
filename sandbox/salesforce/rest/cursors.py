"""Query results that are still being read, page by page."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from sandbox.salesforce.ids import record_id

# Salesforce keeps a cursor for two days; ten at a time, the oldest giving way, once were its limit.
MAX_CURSORS = 10


class Cursor(NamedTuple):
    """All records of a query, read *batch* at a time under *name*, such as ``01gSB0…``."""

    name: str
    records: list[dict[str, Any]]
    batch: int


class Cursors:
    """The cursors that are open."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Cursor] = OrderedDict()
        self._made = 0

    def keep(self, records: list[dict[str, Any]], batch: int) -> Cursor:
        """Open a cursor over *records*."""
        self._made += 1
        cursor = Cursor(record_id("01g", self._made), records, batch)
        self._open[cursor.name] = cursor
        if len(self._open) > MAX_CURSORS:
            self._open.popitem(last=False)
        return cursor

    def find(self, name: str) -> Cursor | None:
        """Return the cursor *name*, None if there is none, or none any more."""
        return self._open.get(name)
