"""What one stream has to tell: snapshot against reading, each segment through its gate. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from source_customerio_segments.segments.gates import Facts, Hold, Limits, judge
from source_customerio_segments.snapshot.columns import Mask, Places
from source_customerio_segments.snapshot.meeting import Meeting, meet, narrowed
from source_customerio_segments.snapshot.members import (
    UNKNOWN,
    About,
    Difference,
    Members,
    announced,
    applied,
    difference,
    only_renames,
    renames,
)
from source_customerio_segments.snapshot.memory import Reading, Snapshot, Told, pruned
from source_customerio_segments.snapshot.people import People


@dataclass(frozen=True, slots=True)
class SegmentRead:
    """How the read of one segment went; see ``gates.Facts``.

    *name* is the one records show, *about* holds the one that is remembered; *state* is as listed
    when the read ended. *expelled*: the segment is gone and the operator wants its members to
    leave.
    """

    about: About
    name: str
    state: str = ""
    finished: bool = True
    redefined: bool = False
    listed: bool = True
    released: bool = False
    expelled: bool = False
    reported: int = 0
    read: int = 0
    duration_ms: int = 0


class Counts(NamedTuple):
    """How many of what were told of one segment, and whether exits were held."""

    entered: int
    exited: int
    changed: int
    hold: Hold | None
    withheld: int


@dataclass(frozen=True, slots=True, eq=False)
class SegmentChange:
    """What is to be told of one segment, and what is not.

    *told* leaves out the exits of a held segment; *withheld* counts them.
    """

    before: Members
    told: Difference
    hold: Hold | None
    withheld: int
    entered_at: int
    read: SegmentRead

    def counts(self) -> Counts:
        """Count; whoever has to be told again after a broken run counts as entered."""
        told = self.told
        entered = len(told.entered) + len(told.repeated)
        return Counts(entered, len(told.exited), len(told.changed), self.hold, self.withheld)

    def announced(self) -> Members:
        """Return the members while this is being told."""
        return announced(self.before, self.told, self.entered_at)

    def applied(self) -> Members:
        """Return the members once this has been told."""
        after = applied(self.before, self.told, self.entered_at)
        return replace(after, about=self.read.about)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What one stream has to tell in this sync.

    Attributes:
        meeting: Everyone, with identifiers before and now.
        before: The members of every known segment as last told; places in the meeting's table.
        changes: What is to be told, of each segment that was read.
        changed_at: The instant of this sync's changes; later than any before it.
        announced_at: The instant of changes announced by an earlier run.
        was_announced: Identifiers that those changes replaced.
        told: For profiles, what has been told of each person.
    """

    meeting: Meeting
    before: dict[int, Members]
    changes: dict[int, SegmentChange]
    changed_at: int
    announced_at: int
    was_announced: People
    told: Told | None

    @property
    def expelled(self) -> frozenset[int]:
        """Segments that are gone and whose members leave with them."""
        return frozenset(key for key, change in self.changes.items() if change.read.expelled)

    @property
    def partial(self) -> frozenset[int]:
        """Segments that may have more members than were read."""
        believed = {None, Hold.MASS_EXIT}  # that read was whole, though nobody would think so
        return frozenset(key for key, each in self.changes.items() if each.hold not in believed)

    def has_news(self) -> bool:
        """Whether any segment has something to tell."""
        return any(len(change.told) for change in self.changes.values())

    def snapshot(self, done: Collection[int]) -> Snapshot:
        """Return what has been told or announced once the segments *done* are through."""
        segments = {**self.before, **dict(self._changed(done))}
        people = self.meeting.people
        was = narrowed(self.meeting.was, people, uncertain(segments, len(people)))
        return Snapshot(people, segments, was, self.changed_at, self.told)

    def final(self) -> Snapshot:
        """Return what has been told at the end of the sync, and nobody besides."""
        told = self.snapshot(self.changes)
        kept = {key: each for key, each in told.segments.items() if key not in self.expelled}
        changed_at = self.changed_at if self.has_news() else self.announced_at
        return pruned(replace(told, segments=kept, changed_at=changed_at))

    def _changed(self, done: Collection[int]) -> Iterator[tuple[int, Members]]:
        for key, change in self.changes.items():
            yield key, change.applied() if key in done else change.announced()


def uncertain(segments: Mapping[int, Members], count: int) -> Mask:
    """Tell for each of *count* people whether an announced membership of theirs is open."""
    mask = np.zeros(count, np.bool_)
    for members in segments.values():
        mask[members.places[members.uncertain]] = True
    return mask


def compare(
    snapshot: Snapshot,
    reading: Reading,
    reads: Mapping[int, SegmentRead],
    limits: Limits,
    now_ms: int,
) -> Comparison:
    """Compare what was told with what was read.

    Segments that were not read keep their members: unknown is not empty. What is told of them is
    whom another segment showed under new identifiers.

    Args:
        snapshot: What the stream has told.
        reading: What was read.
        reads: How the read of each segment of *reading* went.
        limits: When a loss of members is too large to be believed.
        now_ms: The clock; it may have gone back.
    """
    meeting = meet(snapshot, reading)
    before = {key: each.moved_to(meeting.then) for key, each in snapshot.segments.items()}
    changed_at = max(now_ms, snapshot.changed_at + 1)
    changes = {}
    for key, read in reads.items():
        entered_at = changed_at if key in before else UNKNOWN
        members = before.get(key, Members.none(replace(read.about, read_at=0)))
        change = difference(members, np.sort(meeting.now[reading.segments[key]]), meeting.renamed)
        here = renames(members, meeting.renamed)
        changes[key] = _judged(members, (change, here), read, limits, entered_at)
    changes |= _unread(before, reads.keys(), meeting.renamed)
    told = snapshot.told and _told(snapshot.told, meeting)
    return Comparison(meeting, before, changes, changed_at, snapshot.changed_at, snapshot.was, told)


def _told(told: Told, meeting: Meeting) -> Told:
    """Have attributes read again of everybody of whom pages show less than they did."""
    moved = told.moved_to(meeting.then, len(meeting.people))
    doubtful = (meeting.learned & ~moved.learned).any(axis=0)
    return replace(moved, learned=meeting.learned, read_at=np.where(doubtful, 0, moved.read_at))


def _unread(
    before: Mapping[int, Members], read: Collection[int], renamed: Mask
) -> dict[int, SegmentChange]:
    told = {key: only_renames(each, renamed) for key, each in before.items() if key not in read}
    return {
        key: SegmentChange(
            before[key],
            each,
            None,
            0,
            UNKNOWN,
            SegmentRead(before[key].about, before[key].about.name),
        )
        for key, each in told.items()
        if len(each)
    }


def _judged(
    before: Members,
    found: tuple[Difference, Places],
    read: SegmentRead,
    limits: Limits,
    entered_at: int,
) -> SegmentChange:
    """Decide what is told; *found* is the difference, and who of the members was renamed."""
    change, here = found
    exits = len(change.exited)
    hold = None if read.expelled else judge(_facts(read, len(before), exits), limits)
    told = replace(change.without_exits(), changed=here) if hold else change
    return SegmentChange(before, told, hold, exits if hold else 0, entered_at, read)


def _facts(read: SegmentRead, before: int, exits: int) -> Facts:
    return Facts(
        finished=read.finished,
        redefined=read.redefined,
        listed=read.listed,
        reported=read.reported,
        read=read.read,
        before=before,
        exits=exits,
        released=read.released,
    )
