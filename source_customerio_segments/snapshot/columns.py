"""Columns of texts: many short strings in one buffer, a tenth of what Python's objects take.

Pure. ``people`` holds e-mail addresses and ids in them, ``state`` packs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Bounds = NDArray[np.uint32]  # four gigabytes of text in one column are enough

# Rows worked on at a time: what is built per byte of text stays in the processor's cache.
BLOCK_ROWS = 8_192


def blocks(count: int, rows: int = BLOCK_ROWS) -> Iterator[slice]:
    """Cut ``range(count)`` into slices of at most *rows*."""
    return (slice(start, min(start + rows, count)) for start in range(0, count, rows))


def utf8(text: str | None) -> bytes:
    """Encode a text, lone surrogates included; null like the empty text."""
    return text.encode("utf-8", "surrogatepass") if text else b""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of texts or nulls; row *n* is ``data[bounds[n]:bounds[n + 1]]`` in UTF-8.

    The empty text and null are one: an identifier that is empty is none.
    """

    data: NDArray[np.uint8]
    bounds: Bounds

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Texts:
        """Build a column from Python values; lone surrogates survive."""
        texts = [value or "" for value in values]
        if not "".join(texts).isascii():
            return cls.of_bytes(list(map(utf8, texts)))
        return cls._cut("".join(texts).encode("ascii"), texts)  # where a character is a byte

    @classmethod
    def of_bytes(cls, rows: Sequence[bytes]) -> Texts:
        """Build a column from texts in UTF-8."""
        return cls._cut(b"".join(rows), rows)

    @classmethod
    def _cut(cls, data: bytes, rows: Sequence[str | bytes]) -> Texts:
        lengths = np.fromiter(map(len, rows), np.uint32, len(rows))
        return cls(np.frombuffer(data, np.uint8), _bounds(lengths))

    @classmethod
    def nulls(cls, count: int) -> Texts:
        """Build a column of *count* nulls."""
        return cls(np.empty(0, np.uint8), np.zeros(count + 1, np.uint32))

    @classmethod
    def joined(cls, columns: Sequence[Texts]) -> Texts:
        """Put columns one below the other."""
        lengths = [np.diff(column.bounds) for column in columns]
        data = [column.data for column in columns]
        return cls(np.concatenate(data), _bounds(np.concatenate(lengths)))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def rows(self, part: slice) -> Texts:
        """Return the rows of a slice without copying their text."""
        bounds = self.bounds[part.start : part.stop + 1]
        return Texts(self.data[bounds[0] : bounds[-1]], bounds - bounds[0])

    def take(self, places: Places) -> Texts:
        """Return the rows at *places*, in that order; a place may come several times."""
        if _is_run(places):
            return self.rows(slice(places[0], places[-1] + 1))
        return self.spans(self.bounds[:-1][places], self.bounds[1:][places])

    def spans(self, starts: Bounds, ends: Bounds) -> Texts:
        """Return what lies between these positions of the text, a row for each pair."""
        lengths = ends - starts
        bounds = _bounds(lengths)
        data = np.empty(int(bounds[-1]), np.uint8)
        for part in blocks(len(starts)):
            first, last = bounds[part.start], bounds[part.stop]
            shift = starts[part].astype(np.int64) - bounds[part.start : part.stop]
            source = np.arange(first, last) + np.repeat(shift, lengths[part])
            np.take(self.data, source, out=data[first:last], mode="clip")  # else it copies twice
        return Texts(data, bounds)

    def encoded(self) -> Iterator[bytes]:
        """Yield the rows in UTF-8."""
        raw = self.data.tobytes()
        return (raw[start:end] for start, end in pairwise(self.bounds.tolist()))

    def tolist(self) -> list[str | None]:
        """Return the rows as Python values; null for the empty text."""
        raw = self.data.tobytes()
        if raw.isascii():  # a character is a byte: decode once, cut afterwards
            text = raw.decode("ascii")
            return [text[start:end] or None for start, end in pairwise(self.bounds.tolist())]
        return [
            raw[start:end].decode("utf-8", "surrogatepass") or None
            for start, end in pairwise(self.bounds.tolist())
        ]


def side_by_side(left: Texts, right: Texts) -> Texts:
    """Put each row of *right* behind the same row of *left*."""
    rows = np.arange(2 * len(left)).reshape(2, -1).T.reshape(-1)
    both = Texts.joined([left, right]).take(rows)
    return Texts(both.data, both.bounds[::2])


def differing(left: Texts, right: Texts) -> Mask:
    """Tell row by row whether two columns of equal length differ; case counts."""
    differ: Mask = np.diff(left.bounds) != np.diff(right.bounds)
    same_length = np.flatnonzero(~differ)
    ours, theirs = left.take(same_length), right.take(same_length)
    wrong = np.concatenate([[0], np.cumsum(ours.data != theirs.data)])
    differ[same_length] = np.diff(wrong[ours.bounds]) > 0
    return differ


def _is_run(places: Places) -> bool:
    """Tell whether each place follows the one before."""
    return len(places) > 0 and bool((np.diff(places) == 1).all())


def _bounds(lengths: NDArray[np.integer]) -> Bounds:
    bounds = np.zeros(len(lengths) + 1, np.uint32)
    np.cumsum(lengths, out=bounds[1:])
    return bounds
