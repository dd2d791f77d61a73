"""A comparison with the identifiers that were looked up. No I/O of its own.

A state with digests knows no identifiers of whoever exits or was renamed. One with identifiers
may lack those that a run told which died before its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from source_customerio_segments.segments.comparison import Comparison
from source_customerio_segments.snapshot.columns import Places
from source_customerio_segments.snapshot.gaps import nulls
from source_customerio_segments.snapshot.people import Identity, People, distinct, find, mark
from source_customerio_segments.snapshot.persons import NOT_KNOWN
from source_customerio_segments.streams.lookup import Former, Identifiers

CLOCKS_DIFFER_S = 600  # ours and Customer.io's; reading too much does no harm


class Missing(NamedTuple):
    """How many people exit without identifiers, and how many are renamed without those before."""

    exits: int
    renamings: int


def completed(
    comparison: Comparison, exiting: Places, identifiers: Identifiers
) -> tuple[Comparison, Missing]:
    """Fill in the identifiers of people about to exit, and the former ones of people renamed.

    Args:
        comparison: What there is to tell.
        exiting: The places of people who exit.
        identifiers: Where to look.

    Returns:
        The comparison, and what could not be found.

    Raises:
        ConnectorError: Customer.io cannot be read.
    """
    meeting = comparison.meeting
    wanted = _unknown(comparison, exiting)
    names = meeting.people.take(wanted).names()
    found = identifiers.of(names) if names else {}
    places = wanted[[name in found for name in names]]
    people = _with(meeting.people, places, list(found.values()))
    if people.marks is None:
        return replace(comparison, meeting=replace(meeting, people=people)), Missing(0, 0)
    renamed = _renamed(meeting.was, people.take(places))
    was = _former(renamed, people, comparison, identifiers)
    unnamed = int(nulls(was).all(axis=0).sum())
    filled = replace(meeting, people=people, was=was)
    return replace(comparison, meeting=filled), Missing(len(names) - len(found), unnamed)


def _unknown(comparison: Comparison, exiting: Places) -> Places:
    """Return who of *exiting* may be called by more than the snapshot knows.

    With digests, everybody whom no segment shows. Else whose profile was announced and may have
    been told with an identifier that only its attributes had, by a run that died then.
    """
    people, told = comparison.meeting.people, comparison.told
    unseen = np.setdiff1d(exiting, comparison.meeting.now)
    if people.marks is not None:
        return unseen
    if told is None:
        return unseen[:0]
    return unseen[told.uncertain[unseen] & nulls(people.take(unseen)).any(axis=0)]


def _with(people: People, places: Places, found: Sequence[Identity]) -> People:
    """Fill in what was found; a digest stays that of what was told."""
    if not len(places):
        return people
    known = people.take(places).identities()
    identities = [each.filled(other) for each, other in zip(known, found, strict=True)]
    return replace(people.with_identities(places, identities), marks=people.marks)


def _renamed(was: People, found: People) -> People:
    """Add to *was* whom the found identifiers do not fit: they were renamed before they left."""
    digests = found.digests().tolist()
    fitting = map(_fits, found.identities(), digests)
    renamed = found.take(np.flatnonzero(~np.fromiter(fitting, np.bool_, len(found))))
    last, _ = distinct(np.concatenate([was.cio_ids, renamed.cio_ids]))
    return People.picked([was, renamed], last)


def _fits(identity: Identity, digest: int) -> bool:
    """Tell whether a digest is that of these identifiers, or of those of them that pages show."""
    parts = product(*((each, None) for each in identity))
    return digest in (mark(Identity(*each)) for each in parts)


def _former(
    was: People, people: People, comparison: Comparison, identifiers: Identifiers
) -> People:
    """Return the identifiers before of people in *was*, who are known by digest only."""
    last_ms = min((each.about.read_at for each in comparison.before.values()), default=0)
    since_s = last_ms // 1000 - CLOCKS_DIFFER_S
    names = was.names()
    changed = identifiers.before(set(names), since_s)
    now = people.take(find(people.cio_ids, was.cio_ids)[0]).identities()
    before = [
        _told(identity, changed.get(name, {}), digest)
        for name, identity, digest in zip(names, now, was.digests().tolist(), strict=True)
    ]
    return replace(was, marks=None).with_identities(np.arange(len(was)), before)


def _told(now: Identity, former: Former, digest: int) -> Identity:
    """Return those of the identifiers now and before that a digest stands for."""
    columns = ([value, *former.get(name, ())] for name, value in now._asdict().items())
    choices = map(Identity._make, product(*columns))
    return next((each for each in choices if _fits(each, digest)), NOT_KNOWN)
