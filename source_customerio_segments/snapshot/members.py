"""Who is in one segment, and what changed since it was last read. Pure.

All places of one comparison count in the same table of people.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Mask, Places

Instants = NDArray[np.int64]
UNKNOWN = 0  # entered_at of people found in the first read of a segment


@dataclass(frozen=True, slots=True)
class About:
    """What is remembered of a segment besides its members; *read_at* in epoch milliseconds."""

    name: str = ""
    definition_hash: str = ""
    read_at: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Three columns of equal length, in the order of *places* (ascending, each once).

    *uncertain* members are announced: a record about them may or may not have gone out, so the
    next run that starts from here says again how it is.
    """

    places: Places
    entered_at: Instants
    uncertain: Mask
    about: About = field(default_factory=About)

    @classmethod
    def none(cls, about: About | None = None) -> Members:
        """Return an empty segment."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, np.empty(0, np.bool_), about or About())

    def __len__(self) -> int:
        return len(self.places)

    def moved_to(self, places_of: Places) -> Members:
        """Return the same members with places in another table, ``places_of[old place]``."""
        return replace(self, places=places_of[self.places])


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Places by what became of them; no place is in two columns.

    *entered* are new, *repeated* are there and were announced, *changed* stayed and have other
    identifiers, *exited* are not there any more.
    """

    entered: Places
    repeated: Places
    changed: Places
    exited: Places

    def __len__(self) -> int:
        columns = (self.entered, self.repeated, self.changed, self.exited)
        return sum(map(len, columns))

    def without_exits(self) -> Difference:
        """Return what is told while the segment is held."""
        return replace(self, exited=_nobody())


def difference(before: Members, now: Places, renamed: Mask) -> Difference:
    """Compare the members of a segment with those just read.

    Args:
        before: The members as last told.
        now: The places read, ascending, each once.
        renamed: For each place of the table, whether the identifiers changed.
    """
    there = _mask(now, len(renamed))
    stayed = there[before.places]
    there[before.places] = False
    repeated = stayed & before.uncertain
    changed = stayed & ~before.uncertain & renamed[before.places]
    return Difference(
        entered=np.flatnonzero(there),
        repeated=before.places[repeated],
        changed=before.places[changed],
        exited=before.places[~stayed],
    )


def renames(before: Members, renamed: Mask) -> Places:
    """Return the members who have other identifiers now, whether they were read here or not.

    An announced member is told again anyway, with the identifiers of then.
    """
    return before.places[~before.uncertain & renamed[before.places]]


def only_renames(before: Members, renamed: Mask) -> Difference:
    """Return what is told of a segment that was not read.

    Its members stay, but another segment may have shown their new identifiers. They go out for this
    one too: the snapshot knows one identity of a person, and would never tell this one again.
    """
    return Difference(_nobody(), _nobody(), renames(before, renamed), _nobody())


def announced(before: Members, told: Difference, entered_at: int) -> Members:
    """Return the members with everything that is about to be told marked as uncertain.

    Whoever leaves is still among them: their exit is not told yet.
    """
    about = [told.entered, told.repeated, told.changed, told.exited, _owed(before)]
    places, instants = _with(before, told.entered, entered_at)
    return Members(places, instants, _among(places, np.concatenate(about)), before.about)


def applied(before: Members, told: Difference, entered_at: int) -> Members:
    """Return the members once *told* has been told: the law is ``difference(after, now) == 0``.

    A member whose announcement is still open (a held exit) stays uncertain.
    """
    places, instants = _with(before, told.entered, entered_at)
    stays = ~_among(places, told.exited)
    owed = np.setdiff1d(_owed(before), told.repeated, assume_unique=True)
    uncertain = _among(places, owed)
    return Members(places[stays], instants[stays], uncertain[stays], before.about)


def _with(before: Members, entered: Places, entered_at: int) -> tuple[Places, Instants]:
    places = np.concatenate([before.places, entered])
    instants = np.concatenate([before.entered_at, np.full(len(entered), entered_at, np.int64)])
    order = np.argsort(places, kind="stable")
    return places[order], instants[order]


def _among(places: Places, others: Places) -> Mask:
    return np.isin(places, others, kind="table")  # a table, for sorting would take ten times more


def _nobody() -> Places:
    return np.empty(0, np.int64)


def _owed(before: Members) -> Places:
    return before.places[before.uncertain]


def _mask(places: Places, count: int) -> Mask:
    mask = np.zeros(count, np.bool_)
    mask[places] = True
    return mask
