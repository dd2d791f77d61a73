"""Mirror: what a mapping holds in Salesforce and a complete sync did not bring has left.

It reads Salesforce itself, so an exit survives a lost state and edits behind our back. Ended by an
exit like any other, so guards and policies hold. What a mapping holds is told in ``ownership``.

Unknown is never taken for empty: there is a mirror only after COMPLETE and with at least one
record, and for kinds that are about segments only of segments that brought a record. A record that
was refused counts as seen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import (
    Change,
    Exit,
    Received,
    Records,
    Refused,
    Upsert,
)
from destination_salesforce_intro.config import Mapping as AnyMapping
from destination_salesforce_intro.config import NoStorage, ObjectStorage
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.mapping.fields import DELETED_AT_COLUMN
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.org import ownership


class Seen:
    """Keys that a sync brought: eight bytes each, so that a million fit in a few MB."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._sorted = array("q")

    def add(self, change: Change) -> None:
        """Note every key of *change*."""
        self._hashes.extend(_hashes(change))

    def knows(self, change: Change) -> bool:
        """Whether any key of *change* has been noted."""
        if len(self._sorted) != len(self._hashes):
            import numpy as np  # noqa: PLC0415  (takes long, and few syncs mirror)

            ordered = np.sort(np.frombuffer(self._hashes.tobytes(), dtype=np.int64))
            self._sorted = array("q", ordered.tobytes())
        return any(self._holds(wanted) for wanted in _hashes(change))

    def _holds(self, wanted: int) -> bool:
        place = bisect_left(self._sorted, wanted)
        return place < len(self._sorted) and self._sorted[place] == wanted


def _hashes(change: Change) -> Iterator[int]:
    identity = change.identity
    for rule, key in enumerate(identity.keys):
        if key is not None:
            yield hash((rule, key, identity.scope))


class Mirror:
    """What one mapping's stream brought, and what it did not.

    Args:
        place: The mapping's place in the configuration.
        kind: The mapping, compiled.
        mapping: Its settings.
        now: The time of the exits, as ISO 8601.
    """

    def __init__(self, place: int, kind: Kind, mapping: AnyMapping, now: str) -> None:
        self.place = place
        self.stream = mapping.stream
        self.records = 0
        self._kind = kind
        self._mapping = mapping
        self._now = now
        self._segments: dict[str, str | None] = {}  # id -> name, as records told them
        self._seen = Seen()

    def see(self, records: Iterable[Received], changes: Iterable[Change | Refused]) -> None:
        """Note records of the stream and the changes they meant."""
        for received in records:
            self._see_segment(received.data)
        for change in changes:
            for known in [change] if isinstance(change, Upsert) else self._keys_of(change):
                self._seen.add(known)

    def _see_segment(self, record: Mapping[str, Any]) -> None:
        self.records += 1
        segment = record.get("segment_id")
        if segment is not None:
            self._segments[str(segment)] = record.get("segment_name")

    def _keys_of(self, change: Change | Refused) -> list[Change]:
        """Tell who a refused record was about, as its exit would; an exit is not about a member."""
        if not isinstance(change, Refused):
            return []
        gone = {**change.received.data, DELETED_AT_COLUMN: self._now}
        exits = self._kind.changes([change.received._replace(data=gone)])
        return [each for each in exits if not isinstance(each, Refused)]

    def readings(self) -> list[ownership.Reading]:
        """Return what to read from Salesforce to know what the mapping holds."""
        return ownership.readings(self._mapping, self._segments)

    def exits(
        self, reading: ownership.Reading, held: Iterable[Mapping[str, Any]]
    ) -> Iterator[Exit]:
        """Yield an exit for each record of *held* that the sync did not bring."""
        told: dict[str, Any] = {DELETED_AT_COLUMN: self._now}
        if reading.segment is not None:  # which a mapping may know by its name only
            told["segment_name"] = self._segments[reading.segment]
        for record in held:
            data = {**reading.data(record), **told}
            for change in self._kind.changes([Received(self.stream, 0, data)]):
                if isinstance(change, Exit) and not self._seen.knows(change):
                    yield change


def problem(mapping: AnyMapping, storage: ObjectStorage) -> str | None:
    """Say why *mapping* cannot be mirrored, if it cannot."""
    if mapping.mirror and isinstance(storage, NoStorage):
        return (
            '"mirror" needs object_storage_config: what is kept there tells a full refresh from '
            "one that goes on where another stopped, and brings the rest only. Name a place that "
            "outlasts the sync."
        )
    hashed = [rule.target for rule in getattr(mapping, "identity", ()) if rule.format == "sha256"]
    if mapping.mirror and hashed:
        return (
            f'"mirror" needs identities that can be read back from Salesforce, and {hashed[0]} '
            'holds a hash ("format": "sha256"). Use another identity, or no mirror.'
        )
    return None


class WatchedMapper(Mapper):
    """A mapper that lets mirrors see every record."""

    mirrors: Sequence[Mirror] = ()

    def changes(self, records: Records) -> list[Change | Refused]:
        """Return the changes that *records* mean, and let the mirrors of their stream know."""
        changes = super().changes(records)
        for mirror in self.mirrors:
            if mirror.stream == records.stream:
                mirror.see(records.received, [c for c in changes if c.mapping == mirror.place])
        return changes
