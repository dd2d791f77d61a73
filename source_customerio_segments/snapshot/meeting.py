"""Old snapshot meets new reading: one table of people for both, and who was renamed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from source_customerio_segments.snapshot.columns import Mask, Places
from source_customerio_segments.snapshot.gaps import Gaps, filled, no_gaps, nulls
from source_customerio_segments.snapshot.memory import Reading, Snapshot
from source_customerio_segments.snapshot.people import People, distinct, find, merged, renamed


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """Everyone of either side, once.

    Attributes:
        people: With the identifiers last seen; what attributes told stays where pages are silent.
        then: The place of each person of the snapshot.
        now: The place of each person of the reading.
        renamed: For each place, whether the identifiers differ from those told or announced.
        was: The identifiers before, of people renamed or announced as renamed; sorted.
        overtaken: People whose announced renaming has been overtaken by another one, as announced.
        learned: The identifiers that are known from attributes alone: no page shows them.
    """

    people: People
    then: Places
    now: Places
    renamed: Mask
    was: People
    overtaken: People
    learned: Gaps


def meet(snapshot: Snapshot, reading: Reading) -> Meeting:
    """Bring a snapshot and a reading to one table; whoever is in both is as just read."""
    old, new = snapshot.people, reading.people
    if old.marks is not None:
        new = replace(new, marks=new.digests())
    latest, then, now = merged(old.cio_ids, new.cio_ids)
    rows = np.full(len(latest), -1)
    rows[then] = np.arange(len(then))
    both = np.flatnonzero(rows[now] >= 0)
    gaps = _gaps(snapshot, new, rows[now])
    new = filled(new, gaps, old, rows[now])
    differ = np.zeros(len(latest), np.bool_)
    differ[now[both]] = renamed(old, rows[now[both]], new, both)
    people = People.picked([old, new], latest)
    was, overtaken = _was(snapshot, people, differ, rows)
    learned = no_gaps(len(latest))
    learned[:, then] = snapshot.learned
    learned[:, now] = gaps
    return Meeting(people, then, now, differ, was, overtaken, learned)


def _gaps(snapshot: Snapshot, new: People, rows: Places) -> Gaps:
    """Tell what is known of the people read and no page shows.

    Without profiles there are no attributes to know it from, and a page's null is all there is.

    Args:
        snapshot: What was told.
        new: The people read.
        rows: Where each of them stands in the snapshot; negative for newcomers.
    """
    gaps = no_gaps(len(new))
    if snapshot.told is not None:
        both = rows >= 0
        known = snapshot.learned | ~nulls(snapshot.people)
        gaps[:, both] = nulls(new)[:, both] & known[:, rows[both]]
    return gaps


def _was(snapshot: Snapshot, people: People, differ: Mask, rows: Places) -> tuple[People, People]:
    places, there = find(people.cio_ids, snapshot.was.cio_ids)
    places = places[there]
    open_still = np.flatnonzero(there)[~differ[places]]
    moved = np.flatnonzero(differ)
    tables = [snapshot.was.take(open_still), snapshot.people.take(rows[moved])]
    last, _ = distinct(np.concatenate([table.cio_ids for table in tables]))
    return People.picked(tables, last), snapshot.people.take(rows[places[differ[places]]])


def narrowed(was: People, people: People, uncertain: Mask) -> People:
    """Keep the former identifiers only of people about whom an announcement is open."""
    places, there = find(people.cio_ids, was.cio_ids)
    open_still = there.copy()
    open_still[there] = uncertain[places[there]]
    return was.take(np.flatnonzero(open_still))
