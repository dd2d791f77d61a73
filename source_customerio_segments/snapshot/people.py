"""People as columns, each once, in the order of their cio_id.

A person's *place* is their row; segments are sets of places. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Mask, Places, Texts, blocks, differing, utf8

CioIds = NDArray[np.bytes_]
Marks = NDArray[np.uint16]


class Identity(NamedTuple):
    """What a person is called besides their cio_id."""

    email: str | None
    id: str | None

    def filled(self, other: Identity) -> Identity:
        """Return it with what it lacks taken from *other*."""
        return Identity(self.email or other.email, self.id or other.id)


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Three columns of equal length: the cio_id, and the identifiers as last seen.

    *marks* is given when some identifiers are not known but a digest of them is (see ``state``).
    """

    cio_ids: CioIds
    emails: Texts
    ids: Texts
    marks: Marks | None = None

    @classmethod
    def of(
        cls, cio_ids: Sequence[str], emails: Sequence[str | None], ids: Sequence[str | None]
    ) -> People:
        """Build columns from one page; neither sorted nor unique yet.

        Raises:
            ValueError: A cio_id is empty or holds a zero byte, so it cannot name anybody.
        """
        if not all(cio_ids) or "\0" in "".join(cio_ids):
            raise ValueError("a member without a usable cio_id")
        return cls(as_cio_ids(cio_ids), Texts.of(emails), Texts.of(ids))

    @classmethod
    def picked(cls, parts: Sequence[People], rows: Places) -> People:
        """Return *rows* of the tables put one below the other.

        Column by column, so that only one column is in memory twice; and none if the rows are
        just those of the last table.
        """
        marks = None
        if any(part.marks is not None for part in parts):
            marks = np.concatenate([part.digests() for part in parts])[rows]
        first = sum(map(len, parts[:-1]))
        if np.array_equal(rows, np.arange(first, first + len(parts[-1]))):
            return replace(parts[-1], marks=marks)
        return cls(
            np.concatenate([part.cio_ids for part in parts])[rows],
            Texts.joined([part.emails for part in parts]).take(rows),
            Texts.joined([part.ids for part in parts]).take(rows),
            marks,
        )

    def __len__(self) -> int:
        return len(self.cio_ids)

    def take(self, places: Places) -> People:
        """Return the people at *places*, in that order."""
        marks = None if self.marks is None else self.marks[places]
        return People(self.cio_ids[places], self.emails.take(places), self.ids.take(places), marks)

    def identities(self) -> Iterator[Identity]:
        """Yield everyone's identifiers, a block at a time in memory."""
        for part in blocks(len(self)):
            yield from map(Identity, self.emails.rows(part).tolist(), self.ids.rows(part).tolist())

    def names(self) -> list[str]:
        """Return the cio_ids as Python values."""
        return [raw.decode("utf-8", "surrogatepass") for raw in self.cio_ids.tolist()]

    def with_identities(self, places: Places, identities: Sequence[Identity]) -> People:
        """Return the table with other identifiers at *places*."""
        rows = np.arange(len(self))
        rows[places] = np.arange(len(places)) + len(self)
        emails, ids = (Texts.of(column) for column in _columns(identities))
        marks = None if self.marks is None else self.marks.copy()
        if marks is not None:
            marks[places] = [mark(identity) for identity in identities]
        return replace(
            self,
            emails=Texts.joined([self.emails, emails]).take(rows),
            ids=Texts.joined([self.ids, ids]).take(rows),
            marks=marks,
        )

    def digests(self) -> Marks:
        """Return a short digest of everyone's identifiers; of some it may be all that is known."""
        if self.marks is not None:
            return self.marks
        marks = np.empty(len(self), np.uint16)
        for part in blocks(len(self)):
            pairs = zip(
                self.emails.rows(part).encoded(), self.ids.rows(part).encoded(), strict=True
            )
            marks[part] = _marks(pairs)
        return marks


def as_cio_ids(cio_ids: Sequence[str]) -> CioIds:
    """Turn cio_ids into a column; they stay strings, ``0300`` and ``30e00001`` included."""
    ascii_only = "".join(cio_ids).isascii()  # what numpy encodes by itself, in half the time
    return np.array(cio_ids if ascii_only else list(map(utf8, cio_ids)), np.bytes_)


def nobody() -> People:
    """Return a table without people."""
    return People(as_cio_ids([]), Texts.nulls(0), Texts.nulls(0))


def mark(identity: Identity) -> int:
    """Digest identifiers to 16 bits: of 65,536 changes one goes unnoticed."""
    return int(_marks([(utf8(identity.email), utf8(identity.id))])[0])


def _marks(pairs: Iterable[tuple[bytes, bytes]]) -> Marks:
    checksums = map(crc32, map(b"\0".join, pairs))
    return np.fromiter(checksums, np.uint32).astype(np.uint16)  # the lower half of each


def distinct(cio_ids: CioIds) -> tuple[Places, Places]:
    """Sort people and find doubles.

    Returns:
        For each distinct cio_id, in sorted order, the last row that has it; for each row of
        *cio_ids* its place among the distinct ones.
    """
    order = np.argsort(cio_ids, kind="stable")  # nearly free for runs that are sorted already
    ordered = cio_ids[order]
    last: Mask = np.append(ordered[1:] != ordered[:-1], np.ones(min(len(order), 1), np.bool_))
    places = np.empty(len(order), np.int64)
    places[order] = np.cumsum(last) - last
    return order[last], places


def merged(old: CioIds, new: CioIds) -> tuple[Places, Places, Places]:
    """Bring two sorted lists of distinct people to one.

    Returns:
        For each person of either, in sorted order, a row of the two lists put one below the
        other, that of *new* for those in both; the place of each of *old*; that of each of *new*.
    """
    at, there = find(new, old)
    missing = np.flatnonzero(~there)
    rows = np.arange(len(new))
    now = rows + np.cumsum(np.bincount(at[missing], minlength=len(new) + 1))[: len(new)]
    then = np.empty(len(old), np.int64)
    then[there] = now[at[there]]
    then[missing] = at[missing] + np.arange(len(missing))
    latest = np.empty(len(new) + len(missing), np.int64)
    latest[now] = rows + len(old)
    latest[then[missing]] = missing
    return latest, then, now


def find(cio_ids: CioIds, wanted: CioIds) -> tuple[Places, Mask]:
    """Look *wanted* up among sorted *cio_ids*: their places, and whether they are there."""
    places = np.searchsorted(cio_ids, wanted)
    there = np.zeros(len(wanted), np.bool_)
    inside = places < len(cio_ids)
    there[inside] = cio_ids[places[inside]] == wanted[inside]
    return places, there


def renamed(old: People, old_rows: Places, new: People, new_rows: Places) -> Mask:
    """Tell pair by pair whether the new table gives a person other identifiers than the old.

    Both tables have digests, or neither.
    """
    if old.marks is not None and new.marks is not None:
        return np.not_equal(old.marks[old_rows], new.marks[new_rows])
    differ = np.empty(len(old_rows), np.bool_)
    for part in blocks(len(old_rows)):
        left, right = old.take(old_rows[part]), new.take(new_rows[part])
        differ[part] = differing(left.emails, right.emails) | differing(left.ids, right.ids)
    return differ


def _columns(identities: Sequence[Identity]) -> tuple[list[str | None], list[str | None]]:
    return [each.email for each in identities], [each.id for each in identities]
