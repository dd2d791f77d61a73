"""Query results that are still being read, page by page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from sandbox.salesforce.ids import record_id

# Salesforce keeps a cursor for two days; ten at a time, the oldest giving way, once were its limit.
MAX_CURSORS = 10


class Page(NamedTuple):
    """Records of a query of *total* records; *next* is the locator of the page after, if any."""

    records: list[dict[str, Any]]
    total: int
    next: str | None


class _Cursor(NamedTuple):
    """The pages of a result by locator, as JSON: as objects, ten large results fill the memory."""

    pages: dict[str, bytes]
    total: int


class Cursors:
    """The cursors that are open."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Cursor] = OrderedDict()
        self._made = 0

    def first_page(self, records: Sequence[dict[str, Any]], batch: int) -> Page:
        """Return the first *batch* records; if there are more, a cursor keeps them."""
        total = len(records)
        if total <= batch:
            return Page(list(records), total, None)
        self._made += 1
        name = record_id("01g", self._made)
        starts = range(0, total, batch)
        pages = {f"{name}-{at}": orjson.dumps(records[at : at + batch]) for at in starts}
        self._open[name] = _Cursor(pages, total)
        if len(self._open) > MAX_CURSORS:
            self._open.popitem(last=False)
        return Page(list(records[:batch]), total, f"{name}-{batch}")

    def page(self, locator: str) -> Page | None:
        """Return the page at *locator*, such as ``01gSB0…-2000``, None if it is not there."""
        name, _, _ = locator.partition("-")
        cursor = self._open.get(name)
        if cursor is None or locator not in cursor.pages:
            return None
        locators = [*cursor.pages, None]
        after = locators[locators.index(locator) + 1]
        return Page(orjson.loads(cursor.pages[locator]), cursor.total, after)
