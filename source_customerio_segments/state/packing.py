"""Numbers and bytes as short JSON text. Pure.

Numbers become byte planes (all lowest bytes, all second bytes, ...), because the high planes of
small numbers are runs of zeros that compress to nothing; bytes become zlib or bzip2 and base 64.
"""

from __future__ import annotations

import base64
import bz2
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]

ZLIB_LEVEL = 6
BZIP2_LEVEL = 2  # blocks that stay in the processor's cache; larger ones save 1 % for 20 %

_HEADER_BYTES = 5  # count (4), width in bytes (1)


class DamagedError(Exception):
    """A packed value is not what was packed."""


def pack(raw: bytes) -> str:
    """Compress *raw* and write it in characters that JSON leaves as they are."""
    return "z" + base64.b64encode(zlib.compress(raw, ZLIB_LEVEL)).decode()


def pack_words(raw: bytes) -> str:
    """Do the same for names and addresses, which bzip2 makes a third smaller in the same time."""
    return "b" + base64.b64encode(bz2.compress(raw, BZIP2_LEVEL)).decode()


def unpack(text: object) -> bytes:
    """Undo :func:`pack` and :func:`pack_words`.

    Raises:
        DamagedError: *text* is not something that one of them wrote.
    """
    try:
        packed = base64.b64decode(str(text)[1:], validate=True)
        return bz2.decompress(packed) if str(text)[:1] == "b" else zlib.decompress(packed)
    except (ValueError, OSError, zlib.error) as error:
        raise DamagedError("a column cannot be unpacked") from error


def to_planes(numbers: Sequence[int] | NDArray[np.integer]) -> bytes:
    """Write non-negative numbers as count, width and byte planes."""
    column = np.ascontiguousarray(numbers, "<u8")
    top = int(column.max()) if len(column) else 0
    width = max(1, (top.bit_length() + 7) // 8)
    planes = column.view(np.uint8).reshape(-1, 8)[:, :width].T
    return len(column).to_bytes(4, "little") + bytes([width]) + planes.tobytes()


def from_planes(raw: bytes) -> tuple[Numbers, bytes]:
    """Read what :func:`to_planes` wrote; return it and the bytes after it.

    Raises:
        DamagedError: *raw* is too short.
    """
    count, width = int.from_bytes(raw[:4], "little"), raw[4] if len(raw) > 4 else 0  # noqa: PLR2004
    end = _HEADER_BYTES + count * width
    if not 1 <= width <= 8 or len(raw) < end:  # noqa: PLR2004 - a number has one to eight bytes
        raise DamagedError("a column of numbers is cut short")
    columns = np.zeros((count, 8), np.uint8)
    planes = np.frombuffer(raw, np.uint8, count * width, _HEADER_BYTES)
    columns[:, :width] = planes.reshape(width, count).T
    return columns.view("<u8").reshape(-1).astype(np.uint64), raw[end:]


def steps(ascending: NDArray[np.integer]) -> NDArray[np.int64]:
    """Turn ascending numbers into the first one and the steps between them."""
    signed: NDArray[np.int64] = ascending.astype(np.int64)
    signed[1:] -= signed[:-1].copy()
    return signed


def from_steps(numbers: Numbers) -> NDArray[np.int64]:
    """Undo :func:`steps`."""
    return np.cumsum(numbers.astype(np.int64))
