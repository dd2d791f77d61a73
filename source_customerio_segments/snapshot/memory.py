"""What has been told so far (``Snapshot``), what was just read (``Reading``). Pure.

Theory of operation. A snapshot is what the runner has been told, as far as we know: everyone's
identifiers and the members of each segment. A run reads the segments, compares, *announces* what
it is about to tell in a state, tells it, and keeps the result as the next snapshot. A run that
dies in between starts again from the announcement, where each member about whom something may or
may not have been told is marked uncertain, and says about those how it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Mask, Places, Texts
from source_customerio_segments.snapshot.gaps import Gaps, no_gaps
from source_customerio_segments.snapshot.members import Instants, Members
from source_customerio_segments.snapshot.people import People, distinct, nobody


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What has been told of each person's profile; columns aligned with the people.

    Attributes:
        known: A record of this person is out, or announced.
        uncertain: ... and may or may not have gone out.
        digests: 24 bits of their attributes.
        read_at: When these were read, epoch milliseconds.
        learned: Which of their identifiers are known from attributes alone: no page shows them.
    """

    known: Mask
    uncertain: Mask
    digests: NDArray[np.uint32]
    read_at: Instants
    learned: Gaps

    @classmethod
    def nothing(cls, count: int) -> Told:
        """Return the columns of *count* people of whom nothing has been told."""
        no = np.zeros(count, np.bool_)
        digests, read_at = np.zeros(count, np.uint32), np.zeros(count, np.int64)
        return cls(no, no.copy(), digests, read_at, no_gaps(count))

    def moved_to(self, places_of: Places, count: int) -> Told:
        """Return the same columns for a table of *count* people, rows at ``places_of[row]``."""
        moved = Told.nothing(count)
        moved.known[places_of] = self.known
        moved.uncertain[places_of] = self.uncertain
        moved.digests[places_of] = self.digests
        moved.read_at[places_of] = self.read_at
        moved.learned[:, places_of] = self.learned
        return moved

    def take(self, places: Places) -> Told:
        """Return the rows at *places*."""
        return Told(
            self.known[places],
            self.uncertain[places],
            self.digests[places],
            self.read_at[places],
            self.learned[:, places],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What one stream has told; the stream's state is this, packed.

    Attributes:
        people: Everyone referred to, with the identifiers last told or announced.
        segments: The members of each segment, places in *people*.
        was: People whose new identifiers are announced, with the ones they had before.
        changed_at: The highest ``changed_at`` in use, epoch milliseconds.
        told: For profiles, what has been told of each person.
    """

    people: People = field(default_factory=nobody)
    segments: Mapping[int, Members] = field(default_factory=dict)
    was: People = field(default_factory=nobody)
    changed_at: int = 0
    told: Told | None = None

    @property
    def learned(self) -> Gaps:
        """Which identifiers are known from attributes alone: no page shows them."""
        return no_gaps(len(self.people)) if self.told is None else self.told.learned


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one sync read: everyone once, and the members of each segment that was read whole."""

    people: People = field(default_factory=nobody)
    segments: Mapping[int, Places] = field(default_factory=dict)


def collect(pages: dict[int, list[People]]) -> Reading:
    """Put the pages of several segments together, and empty *pages*: both would be too much.

    A person has one identity: the one read last. A person read twice in a segment counts once.
    """
    sizes = {key: sum(map(len, each)) for key, each in pages.items()}
    tables = [nobody(), *(page for each in pages.values() for page in each)]
    pages.clear()
    cio_ids = np.concatenate([table.cio_ids for table in tables])
    emails, ids = [table.emails for table in tables], [table.ids for table in tables]
    tables.clear()
    last, places = distinct(cio_ids)
    people = People(cio_ids[last], _taken(emails, last), _taken(ids, last))
    parts = np.split(places, np.cumsum([*sizes.values()], dtype=np.int64)[:-1]) if sizes else []
    segments = {key: _once(part, len(last)) for key, part in zip(sizes, parts, strict=True)}
    return Reading(people, segments)


def _once(places: Places, count: int) -> Places:
    inside = np.zeros(count, np.bool_)
    inside[places] = True
    return np.flatnonzero(inside)


def _taken(columns: list[Texts], rows: Places) -> Texts:
    """Return *rows* of columns put one below the other, and empty *columns*."""
    joined = Texts.joined(columns)
    columns.clear()
    return joined.take(rows)


def referred(snapshot: Snapshot) -> Mask:
    """Tell for each person whether a segment or a told profile refers to them."""
    used = np.zeros(len(snapshot.people), np.bool_)
    for members in snapshot.segments.values():
        used[members.places] = True
    return used if snapshot.told is None else used | snapshot.told.known


def pruned(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without people nobody refers to; the law: it means the same."""
    used = referred(snapshot)
    if used.all():
        return snapshot
    keep = np.flatnonzero(used)
    places_of = np.full(len(snapshot.people), -1)
    places_of[keep] = np.arange(len(keep))
    return Snapshot(
        people=snapshot.people.take(keep),
        segments={key: each.moved_to(places_of) for key, each in snapshot.segments.items()},
        was=snapshot.was,
        changed_at=snapshot.changed_at,
        told=None if snapshot.told is None else snapshot.told.take(keep),
    )
