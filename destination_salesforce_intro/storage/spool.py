"""Values that have to wait longer than memory should hold them: a file without a name, on disk.

The system removes the file with the process, however that ends, so nothing of anybody stays behind.
It lies in the folder for temporary files (``TMPDIR``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import orjson

from destination_salesforce_intro.errors import ConnectorError, Fault


class Spool:
    """JSON values in the order in which they were added."""

    def __init__(self) -> None:
        self._size = 0
        self._file: IO[bytes] | None = None

    def __del__(self) -> None:
        """Let the system have the file back, if a sync ends with something in it."""
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return self._size

    def add(self, value: Any) -> None:
        """Keep *value* until it is taken.

        Raises:
            ConnectorError: SYSTEM; the folder for temporary files has no room, or is none.
        """
        with _in_words():
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when taken, or below
            self._file.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
        self._size += 1

    def take(self) -> Iterator[tuple[Any, int]]:
        """Empty the spool and yield what was in it, and how many bytes each value took.

        What is added meanwhile waits anew.

        Raises:
            ConnectorError: As `add`.
        """
        file, self._file, self._size = self._file, None, 0
        if file is None:
            return
        with _in_words(), file:
            file.seek(0)
            for line in file:
                yield orjson.loads(line), len(line)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConnectorError(
            "The folder for temporary files cannot keep what waits for its people "
            f"({type(error).__name__}). Make room in it, or name another one in TMPDIR. Nothing "
            "that waits is acknowledged; the next sync sends it again.",
            Fault.SYSTEM,
        ) from None
