"""Columns of texts in bytes. Pure.

Addresses end in few domains: what follows the last ``@`` is written once, and its number for each
person. What precedes it stands one after the other with a zero byte after each, which compresses
better than lengths do; where a text has a zero byte, lengths are written.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Bounds, Texts, side_by_side
from source_customerio_segments.state.packing import DamagedError, from_planes, to_planes

_ENDED, _MEASURED, _TAILED = b"e", b"m", b"t"


def pack_texts(texts: Texts) -> bytes:
    """Write a column; nulls are empty texts."""
    cuts, ends = _cuts(texts), texts.bounds[1:]
    data = texts.data.tobytes()
    numbers_of: dict[bytes, int] = defaultdict(count().__next__)
    numbers = [
        numbers_of[data[cut:end]] for cut, end in zip(cuts.tolist(), ends.tolist(), strict=True)
    ]
    tails = _plain(Texts.of_bytes(list(numbers_of)))
    heads = _plain(texts.spans(texts.bounds[:-1], cuts))
    return _TAILED + to_planes(numbers) + to_planes([len(tails)]) + tails + heads


def _cuts(texts: Texts) -> Bounds:
    """Return where in the data the last ``@`` of each row is, or the row's end."""
    signs = np.flatnonzero(texts.data == ord("@"))
    rows = np.searchsorted(texts.bounds, signs, side="right") - 1
    is_last = np.append(rows[1:] != rows[:-1], np.ones(min(len(rows), 1), np.bool_))
    cuts = texts.bounds[1:].copy()
    cuts[rows[is_last]] = signs[is_last]
    return cuts


def _plain(texts: Texts) -> bytes:
    if not texts.data.all():
        return _MEASURED + to_planes(np.diff(texts.bounds)) + texts.data.tobytes()
    written = np.zeros(len(texts.data) + len(texts), np.uint8)
    is_text = np.ones(len(written), np.bool_)
    is_text[texts.bounds[1:] + np.arange(len(texts))] = False
    written[is_text] = texts.data
    return _ENDED + written.tobytes()


def unpack_texts(raw: bytes) -> Texts:
    """Read what :func:`pack_texts` wrote.

    Raises:
        DamagedError: The bytes are not a column of texts.
    """
    if raw[:1] != _TAILED:
        return _read_plain(raw)
    numbers, rest = from_planes(raw[1:])
    (size, *_), rest = from_planes(rest)
    tails, heads = _read_plain(rest[: int(size)]), _read_plain(rest[int(size) :])
    if len(heads) != len(numbers) or (numbers >= len(tails)).any():
        raise DamagedError("the two halves of a column of texts do not fit together")
    return side_by_side(heads, tails.take(numbers.astype(np.int64)))


def _read_plain(raw: bytes) -> Texts:
    if raw[:1] == _MEASURED:
        lengths, rest = from_planes(raw[1:])
        return _checked(np.frombuffer(rest, np.uint8), np.cumsum(lengths))
    if raw[:1] != _ENDED:
        raise DamagedError("a column of texts begins with something else")
    data = np.frombuffer(raw, np.uint8, offset=1)
    ends = np.flatnonzero(data == 0)
    return _checked(data[data != 0], ends - np.arange(len(ends)))


def _checked(data: NDArray[np.uint8], ends: NDArray[np.integer]) -> Texts:
    if len(data) != (ends[-1] if len(ends) else 0):
        raise DamagedError("a column of texts is cut short")
    return Texts(data, np.append(0, ends).astype(np.uint32))
