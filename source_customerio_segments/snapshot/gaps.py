"""Identifiers that are known although the pages of members show none. Pure.

Pages of a workspace that identifies people by id alone have no e-mail addresses, and a page may be
behind the attributes. So where attributes are read, a page's null is a gap and no news: what is
known stays, a page that shows a value is right, and only attributes without it say that it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Mask, Places, Texts
from source_customerio_segments.snapshot.people import Identity, Marks, People

Gaps = NDArray[np.bool_]  # of shape (2, people): the e-mail, the id


def no_gaps(count: int) -> Gaps:
    """Return the gaps of *count* people who have none."""
    return np.zeros((2, count), np.bool_)


def nulls(people: People) -> Gaps:
    """Tell which identifiers are null."""
    return np.stack([np.diff(column.bounds) == 0 for column in (people.emails, people.ids)])


def filled(people: People, gaps: Gaps, other: People, rows: Places) -> People:
    """Return *people* with the identifiers in *gaps* taken from *rows* of *other*."""
    if not gaps.any():
        return people
    return replace(
        people,
        emails=_chosen(people.emails, gaps[0], other.emails, rows),
        ids=_chosen(people.ids, gaps[1], other.ids, rows),
    )


def shown(people: People, learned: Gaps) -> People:
    """Return people as pages show them: without what attributes told."""
    return filled(people, learned, _NOBODY_KNOWS, np.zeros(len(people), np.int64))


def are_known(people: People, learned: Gaps) -> Mask:
    """Tell of whom all identifiers are known, and not only a digest or that there is one."""
    unknown = (learned & nulls(people)).any(axis=0)
    return _were_seen(people, learned) & ~unknown


def named(
    people: People, learned: Gaps, places: Places, identities: Sequence[Identity]
) -> tuple[People, Gaps]:
    """Give the people at *places* the identifiers that their attributes have.

    Of whom only a digest is known it stays so, for nobody knows what pages show of them.

    Returns:
        The table, and the identifiers in it that no page shows.
    """
    seen = _were_seen(people.take(places), learned[:, places])
    places, identities = places[seen], list(compress(identities, seen))
    silent = (learned | nulls(people))[:, places]
    people, learned = people.with_identities(places, identities), learned.copy()
    learned[:, places] = silent & ~nulls(people)[:, places]
    if people.marks is not None:
        people.marks[places] = _page_marks(people.take(places), learned[:, places])
    return people, learned


def _were_seen(people: People, learned: Gaps) -> Mask:
    if people.marks is None:
        return np.ones(len(people), np.bool_)
    return np.equal(people.marks, _page_marks(people, learned))


def _page_marks(people: People, learned: Gaps) -> Marks:
    return shown(replace(people, marks=None), learned).digests()


def _chosen(column: Texts, gaps: Mask, other: Texts, rows: Places) -> Texts:
    choice = np.arange(len(column))
    choice[gaps] = len(column) + rows[gaps]
    return Texts.joined([column, other]).take(choice)


_NOBODY_KNOWS = People.of(["?"], [None], [None])
