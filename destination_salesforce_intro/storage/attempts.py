"""Syncs that began and have not ended: whether this one may go on where another stopped.

A full refresh that was interrupted may be resumed from its state, and then the source sends the
rest only. Nothing in the input says so; the runner merely calls both attempts by the same
``sync_id`` (the Airbyte platform's is the number of the job). So a mark is kept from the beginning
of a sync to its good end, in the place where refused records are kept.
"""

from __future__ import annotations

import hashlib

import orjson

from destination_salesforce_intro.storage.folders import Folder

PREFIX = "unfinished-"


class Attempts:
    """Marks of unfinished syncs, one for each stream and sync; without a folder there are none."""

    def __init__(self, folder: Folder | None) -> None:
        self._folder = folder

    def begin(self, stream: str, sync_id: str) -> bool:
        """Mark that *stream* is being synced; return whether this is the first attempt at it.

        Raises:
            ConnectorError: CONFIG; the place cannot be read or written to.
        """
        if self._folder is None:
            return True
        name = _name(stream, sync_id)
        if name in self._folder.names(PREFIX):
            return False
        self._folder.write(name, orjson.dumps({"stream": stream, "sync_id": sync_id}))
        return True

    def end(self, stream: str, sync_id: str) -> None:
        """Take the mark away: all that *stream* had to say has been done.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        if self._folder is not None:
            self._folder.remove(_name(stream, sync_id))


def _name(stream: str, sync_id: str) -> str:
    """Name the mark; a stream's name may hold what no file name can."""
    text = orjson.dumps([stream, sync_id])
    return f"{PREFIX}{hashlib.sha256(text).hexdigest()[:24]}.json"
