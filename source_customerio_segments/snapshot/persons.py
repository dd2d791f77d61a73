"""People at given places as Python values, with the identifiers they had before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

from source_customerio_segments.snapshot.columns import Places, blocks
from source_customerio_segments.snapshot.people import Identity, People, find

BLOCK_PEOPLE = 8_192  # turned into Python values at a time

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
        before.email if before.email != identity.email else None,
        before.id if before.id != identity.id else None,
    )


def persons(people: People, was: People, places: Places) -> Iterator[Person]:
    """Yield the people at *places* in that order, a block at a time in memory.

    Args:
        people: The table that the places count in.
        was: People who had other identifiers before, sorted by cio_id.
        places: Whom to yield.
    """
    for part in blocks(len(places), BLOCK_PEOPLE):
        block = people.take(places[part])
        if len(was):
            befores = before(was, block)
            yield from map(person, block.names(), block.identities(), befores)
        else:
            yield from map(Person, *_columns(block), repeat(None), repeat(None))


def before(was: People, block: People) -> Iterator[Identity]:
    """Yield for each person of *block* the identifiers in *was*, or ``NOT_KNOWN``."""
    rows, there = find(was.cio_ids, block.cio_ids)
    rows[~there] = len(was)
    return People.picked([was, _STRANGER], rows).identities()


def _columns(block: People) -> tuple[list[str], list[str | None], list[str | None]]:
    return block.names(), block.emails.tolist(), block.ids.tolist()


_STRANGER = People.of(["?"], [None], [None])
