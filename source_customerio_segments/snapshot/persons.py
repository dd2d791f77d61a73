"""People at given places as Python values, with the identifiers they had before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from source_customerio_segments.snapshot.columns import Places, blocks
from source_customerio_segments.snapshot.people import Identity, People, find

BLOCK_PEOPLE = 1_024  # turned into Python values at a time

NOT_KNOWN = Identity(None, None)


class Person(NamedTuple):
    """One person with identifiers; ``previous_*`` are null where nothing changed."""

    cio_id: str
    email: str | None
    id: str | None
    previous_email: str | None
    previous_id: str | None


def person(cio_id: str, identity: Identity, before: Identity) -> Person:
    """Name a person; *before* is what they were called, or ``NOT_KNOWN``."""
    return Person(
        cio_id,
        identity.email,
        identity.id,
        _previous(before.email, identity.email),
        _previous(before.id, identity.id),
    )


def _previous(before: str | None, now: str | None) -> str | None:
    return before if before != now else None


class Persons(NamedTuple):
    """Several persons as columns of equal length, named like the fields of `Person`."""

    cio_id: list[str]
    email: list[str | None]
    id: list[str | None]
    previous_email: list[str | None]
    previous_id: list[str | None]


def persons(people: People, was: People, places: Places) -> Iterator[Person]:
    """Yield the people at *places* in that order, a block at a time in memory.

    Args:
        people: The table that the places count in.
        was: People who had other identifiers before, sorted by cio_id.
        places: Whom to yield.
    """
    for part in blocks(len(places), BLOCK_PEOPLE):
        yield from map(Person, *columns(people, was, places[part]))


def columns(people: People, was: People, places: Places) -> Persons:
    """Return what `persons` yields, all of it, as columns."""
    block = people.take(places)
    emails, ids = block.emails.tolist(), block.ids.tolist()
    previous_emails: list[str | None] = [None] * len(places)
    previous_ids = previous_emails.copy()
    rows, there = find(was.cio_ids, block.cio_ids)
    renamed = np.flatnonzero(there).tolist()
    for row, (email, own_id) in zip(renamed, was.take(rows[there]).identities(), strict=True):
        previous_emails[row] = _previous(email, emails[row])
        previous_ids[row] = _previous(own_id, ids[row])
    return Persons(block.names(), emails, ids, previous_emails, previous_ids)


def before(was: People, block: People) -> Iterator[Identity]:
    """Yield for each person of *block* the identifiers in *was*, or ``NOT_KNOWN``."""
    rows, there = find(was.cio_ids, block.cio_ids)
    rows[~there] = len(was)
    return People.picked([was, _STRANGER], rows).identities()


_STRANGER = People.of(["?"], [None], [None])
