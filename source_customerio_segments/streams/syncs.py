"""The ``segment_syncs`` stream: one row per segment and sync, to see what can be trusted.

Its state is a snapshot without people: what is remembered of each segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from source_customerio_segments.changes import Message, Record
from source_customerio_segments.segments.comparison import Counts
from source_customerio_segments.segments.preparation import Prepared
from source_customerio_segments.snapshot.members import Members
from source_customerio_segments.snapshot.memory import Snapshot
from source_customerio_segments.state.codec import decode
from source_customerio_segments.streams.catalog import MEMBERSHIPS, PROFILES, SYNCS
from source_customerio_segments.streams.checkpoints import Checkpoints
from source_customerio_segments.streams.records import instant

UNREADABLE, GONE = "unreadable", "gone"


def tell(prepared: Prepared) -> Iterator[Message]:
    """Yield the rows of this sync and their state.

    Entries, exits and changes are those of ``segment_memberships``, else of ``profiles``; null if
    neither stream is read. A segment is held if either stream holds it: they may know different
    people, as when one of them has begun anew.
    """
    before = decode(prepared.states.get(SYNCS, {}))
    synced_at = max(prepared.at_ms, before.changed_at + 1)
    for key, row in _rows(prepared).items():
        yield Record(SYNCS, {"segment_id": key, **row, "synced_at": instant(synced_at)})
    read = {
        key: Members.none(each.about) for key, each in prepared.reads.items() if not each.expelled
    }
    segments = {**before.segments, **read}
    checkpoints = Checkpoints(SYNCS, prepared.clock, prepared.config.max_state_megabytes)
    yield from checkpoints.now(Snapshot(segments=segments, changed_at=synced_at))


def _rows(prepared: Prepared) -> dict[int, dict[str, Any]]:
    rows = {key: _read(prepared, key, _told(prepared, key)) for key in prepared.reads}
    failed = {key: _missing(prepared, key, UNREADABLE) for key in prepared.failures}
    return rows | failed | {key: _missing(prepared, key, GONE) for key in prepared.gone}


def _told(prepared: Prepared, key: int) -> Counts | None:
    streams = [prepared.counts[name] for name in (MEMBERSHIPS, PROFILES) if name in prepared.counts]
    told = [each[key] for each in streams if key in each]
    if not told:
        return None
    most_held = max(told, key=lambda each: (each.hold is not None, each.withheld))
    return told[0]._replace(hold=most_held.hold, withheld=most_held.withheld)


def _read(prepared: Prepared, key: int, counts: Counts | None) -> dict[str, Any]:
    read = prepared.reads[key]
    return {
        "segment_name": read.name,
        "state": None if read.expelled else read.state,
        "reported_count": read.reported,
        "members_read": read.read,
        **_counts(counts),
        "definition_hash": read.about.definition_hash or None,
        "definition_changed": key in prepared.redefined,
        "duration_seconds": read.duration_ms / 1000,
    }


def _counts(counts: Counts | None) -> dict[str, Any]:
    if counts is None:
        names = ("entered", "exited", "changed", "held", "held_reason", "held_exits")
        return dict.fromkeys(names)
    return {
        "entered": counts.entered,
        "exited": counts.exited,
        "changed": counts.changed,
        "held": counts.hold is not None,
        "held_reason": counts.hold and counts.hold.value,
        "held_exits": counts.withheld,
    }


def _missing(prepared: Prepared, key: int, reason: str) -> dict[str, Any]:
    states: dict[int, str] = {segment.id: segment.state for segment in prepared.listed}
    return {
        "segment_name": prepared.names.get(key),
        "state": states.get(key),
        **dict.fromkeys(("reported_count", "members_read")),
        **dict.fromkeys(("entered", "exited", "changed"), 0),
        "held": True,
        "held_reason": reason,
        **dict.fromkeys(("held_exits", "definition_hash")),
        "definition_changed": False,
        "duration_seconds": None,
    }
