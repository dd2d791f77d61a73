"""Which mappings are mirrored in a sync, and whether they may be once it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import Exit
from destination_salesforce_intro.config import Mapping as AnyMapping
from destination_salesforce_intro.inputs import StreamMode
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.storage.attempts import Attempts
from destination_salesforce_intro.writing.mirror import Mirror

OVERWRITE = "overwrite"  # a destination sync mode

Read = Callable[[str], Iterable[Mapping[str, Any]]]


class Mirrors:
    """The mirrored mappings of one sync.

    Args:
        mappings: As configured, with their *kinds*, compiled.
        streams: How the connection syncs them.
        attempts: Whether an earlier attempt at this sync has not ended.
        now: The time of the exits, as ISO 8601.

    Raises:
        ConnectorError: CONFIG; the place of *attempts* cannot be used.
    """

    def __init__(
        self,
        mappings: Sequence[AnyMapping],
        kinds: Sequence[Kind],
        streams: Sequence[StreamMode],
        attempts: Attempts,
        now: str,
    ) -> None:
        whole = {s.name: s for s in streams if s.sync_mode == OVERWRITE and not s.is_incremental}
        self.mirrored = [
            Mirror(place, kinds[place], mapping, now)
            for place, mapping in enumerate(mappings)
            if mapping.mirror and mapping.stream in whole
        ]
        self._attempts = attempts
        self._sync_ids = {m.stream: whole[m.stream].sync_id for m in self.mirrored}
        self._resumed = {
            stream
            for stream, sync_id in self._sync_ids.items()
            if not attempts.begin(stream, sync_id)
        }
        self._complete: set[str] = set()

    def complete(self, stream: str) -> None:
        """Note that *stream* was read to its end."""
        self._complete.add(stream)

    def exits(self, read: Read, warn: Callable[[str], None]) -> Iterator[Exit]:
        """Yield the exits of what Salesforce holds and the sync lacks; *warn* where nobody knows.

        *read* runs a SOQL statement that may have very many records.
        """
        for mirror in self.mirrored:
            if doubt := self._doubt(mirror):
                warn(doubt)
                continue
            for reading in mirror.readings():
                yield from mirror.exits(reading, read(reading.statement))

    def _doubt(self, mirror: Mirror) -> str | None:
        if mirror.stream not in self._complete or not mirror.records:
            return (
                f'mappings[{mirror.place}] is not mirrored this time: the stream "{mirror.stream}" '
                "did not end complete with at least one record."
            )
        if mirror.stream in self._resumed:
            return (
                f"mappings[{mirror.place}] is not mirrored this time: an earlier attempt at this "
                f'sync did not end, so the stream "{mirror.stream}" may have brought only the rest '
                "of what there is. The next sync mirrors."
            )
        return None

    def end(self) -> None:
        """Note that the sync has ended well.

        Raises:
            ConnectorError: CONFIG; the place of the attempts cannot be written to.
        """
        for stream, sync_id in self._sync_ids.items():
            if stream in self._complete:
                self._attempts.end(stream, sync_id)


def remarks(mappings: Sequence[AnyMapping], streams: Sequence[StreamMode]) -> Iterator[str]:
    """Yield what may surprise about *mappings* and the sync modes of the connection."""
    overwritten = {stream.name for stream in streams if stream.sync_mode == OVERWRITE}
    incremental = {stream.name for stream in streams if stream.is_incremental}
    for place, mapping in enumerate(mappings):
        if mapping.stream in overwritten and not mapping.mirror:
            yield (
                f'mappings[{place}]: "overwrite" removes nothing without "mirror": true in the '
                "mapping; records are upserted."
            )
        elif mapping.mirror and mapping.stream in incremental:
            yield (
                f'mappings[{place}] is not mirrored: the stream "{mapping.stream}" is read '
                "incrementally, so it brings changes only and who is absent has not left. Set its "
                "sync mode to full refresh with overwrite."
            )
