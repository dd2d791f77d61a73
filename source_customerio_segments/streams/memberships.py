"""The ``segment_memberships`` stream: one comparison told as records and states. Pure.

Announce, tell segment by segment, settle; see ``snapshot.memory`` for why.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from source_customerio_segments.changes import Batch, Estimate, Message, Record
from source_customerio_segments.segments.comparison import Comparison, SegmentChange
from source_customerio_segments.snapshot.columns import Places, blocks
from source_customerio_segments.snapshot.people import find
from source_customerio_segments.snapshot.persons import columns, persons
from source_customerio_segments.streams import batches
from source_customerio_segments.streams.checkpoints import Checkpoints
from source_customerio_segments.streams.records import EXITED, MEMBER, membership

STREAM = "segment_memberships"
BATCH_RECORDS = 1_024


def tell(comparison: Comparison, checkpoints: Checkpoints) -> Iterator[Message]:
    """Yield the changes of every segment with the states that cover them."""
    yield Estimate(STREAM, sum(map(_records, comparison.changes.values())))
    yield from _overtaken(comparison)
    if comparison.has_news():
        yield from checkpoints.now(comparison.snapshot(done=()))
    done: set[int] = set()
    for key, change in comparison.changes.items():
        yield from _changes(comparison, key, change)
        done.add(key)
        if checkpoints.is_due():
            yield from checkpoints.now(comparison.snapshot(done))
    yield from checkpoints.now(comparison.final())


def _records(change: SegmentChange) -> int:
    told = change.told
    return sum(map(len, (told.exited, told.changed, told.repeated, told.entered)))


def _changes(comparison: Comparison, key: int, change: SegmentChange) -> Iterator[Batch]:
    told, segment = change.told, (key, change.read.name)
    meeting, changed_at = comparison.meeting, comparison.changed_at
    rounds = ((EXITED, told.exited), (MEMBER, told.changed), (MEMBER, told.repeated))
    members = change.announced()
    for status, places in (*rounds, (MEMBER, told.entered)):
        for part in blocks(len(places), BATCH_RECORDS):
            people = columns(meeting.people, meeting.was, places[part])
            entered_at = members.entered_at[np.searchsorted(members.places, places[part])].tolist()
            written = batches.memberships(segment, people, entered_at, status, changed_at)
            yield Batch(STREAM, written)


def _overtaken(comparison: Comparison) -> Iterator[Record]:
    """Tell announced renamings that another one has overtaken, as they were announced.

    Downstream may know these people by either name; after this, by the announced one.
    """
    overtaken = comparison.meeting.overtaken
    if not len(overtaken):
        return
    for key, members in comparison.before.items():
        rows, entered_at = _announced_rows(comparison, key)
        named = persons(overtaken, comparison.was_announced, rows)
        for person, at in zip(named, entered_at, strict=True):
            data = membership(
                (key, members.about.name), person, MEMBER, at, comparison.announced_at
            )
            yield Record(STREAM, data)


def _announced_rows(comparison: Comparison, key: int) -> tuple[Places, list[int]]:
    members = comparison.before[key]
    cio_ids = comparison.meeting.people.cio_ids[members.places[members.uncertain]]
    rows, there = find(comparison.meeting.overtaken.cio_ids, cio_ids)
    return rows[there], members.entered_at[members.uncertain][there].tolist()
