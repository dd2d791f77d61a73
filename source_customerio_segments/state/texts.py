"""Columns of texts in bytes. Pure.

Texts are written one after the other with a zero byte after each, which compresses better than
lengths do; a column with a zero byte in a text is written with lengths.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Texts
from source_customerio_segments.state.packing import DamagedError, from_planes, to_planes

_ENDED, _MEASURED = b"e", b"m"


def pack_texts(texts: Texts) -> bytes:
    """Write a column; nulls are empty texts."""
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
