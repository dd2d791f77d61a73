"""JSON lines on their way to storage, in whole files: object stores cannot append."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from destination_salesforce_intro.storage.folders import Folder

MAX_LINES = 5_000  # of one part; bounds what waits in memory


class Parts:
    """Files named ``<name>-00001.jsonl`` and so on; without a folder, lines go nowhere.

    Args:
        folder: Where they go.
        name: What tells these files from those of other runs and purposes.
    """

    def __init__(self, folder: Folder | None, name: str) -> None:
        self._folder = folder
        self._name = name
        self._written = 0
        self._waiting: list[bytes] = []

    def add(self, line: Mapping[str, Any]) -> None:
        """Take a line; durable only after `secure`."""
        if self._folder is None:
            return
        self._waiting.append(orjson.dumps(line, default=str))
        if len(self._waiting) >= MAX_LINES:
            self.secure()

    def secure(self) -> None:
        """Store what waits, durably.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        if self._folder is None or not self._waiting:
            return
        self._written += 1
        content = b"\n".join([*self._waiting, b""])
        self._folder.write(f"{self._name}-{self._written:05d}.jsonl", content)
        self._waiting = []
