"""Results in pages: where one ends and how a client asks for the next."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from sandbox.salesforce.rest.calls import ApiError

LAST = "null"


class Page(NamedTuple):
    """Some of the lines under the header of all; *locator* asks for the next, or is ``null``."""

    lines: list[str]
    rows: int
    locator: str


def page_of(lines: list[str], locator: str | None, max_rows: int) -> Page:
    """Return the page at *locator*, the first without one.

    Args:
        lines: all of them, the header first.
        locator: what the page before said.
        max_rows: the most rows the page may have, besides the header.

    Raises:
        ApiError: ``INVALID_QUERY_LOCATOR``.
    """
    start = 1 + (_position(locator) if locator else 0)
    end = start + max_rows
    rows = lines[start:end]
    return Page([lines[0], *rows], len(rows), LAST if end >= len(lines) else _locator(end - 1))


def _locator(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _position(locator: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(locator))
    except (binascii.Error, ValueError):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None
