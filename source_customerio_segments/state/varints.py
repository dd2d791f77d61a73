"""Texts that are the hex of LEB128 varints, as columns of numbers and back. Pure.

A block of texts is worked on as one run of bytes, so that every step is one of numpy's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import BLOCK_ROWS, Mask, Places, blocks
from source_customerio_segments.snapshot.people import CioIds
from source_customerio_segments.state.packing import Numbers

MAX_PARTS = 6
MAX_BYTES = 24  # six varints of ordinary size; longer texts are not read
MAX_SHIFT = 63
MORE, SEPTET = 0x80, 0x7F  # in each byte: whether the number goes on, and seven bits of it

Bytes = NDArray[np.uint8]

_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX = np.array([b"%02x" % code for code in range(256)]).view(np.uint16)
_LIMITS = np.uint64(1) << np.arange(7, 64, 7, dtype=np.uint64)  # from here a byte more is needed


def split(texts: CioIds) -> tuple[Numbers, Mask]:
    """Read texts as varints.

    Each is written back and compared, so that what is taken for numbers comes out the same.

    Returns:
        The parts, one row for all first parts, one for all second parts, ...; and for each text
        whether its parts stand for it (else they are zeros). All have the number of parts that is
        most common at the beginning.
    """
    width = _most_common(_counts(*_bytes(texts[:BLOCK_ROWS])))
    parts = np.zeros((width, len(texts)), np.uint64)
    regular = np.zeros(len(texts), np.bool_)
    for block in blocks(len(texts)):
        codes, there = _bytes(texts[block])
        rows = np.flatnonzero(_counts(codes, there) == width)
        found = _numbers(codes[rows][there[rows]]).reshape(-1, width).T
        same = _written(found) == texts[block][rows]
        regular[block.start + rows] = same
        parts[:, block.start + rows] = np.where(same, found, 0)
    return parts, regular


def join(parts: Numbers) -> CioIds:
    """Write parts as hex of varints, as `split` found them."""
    written = [_written(parts[:, block]) for block in blocks(parts.shape[1])]
    return np.concatenate([np.empty(0, "S1"), *written])


def _bytes(texts: CioIds) -> tuple[Bytes, Mask]:
    """Read texts as hex: one row of bytes each, and which of them are there."""
    size = texts.dtype.itemsize
    width = min(size, 2 * MAX_BYTES)
    digits = np.zeros((len(texts), width + width % 2), np.uint8)
    digits[:, :width] = np.ascontiguousarray(texts).view(np.uint8).reshape(-1, size)[:, :width]
    high, low = _NIBBLES[digits[:, 0::2]], _NIBBLES[digits[:, 1::2]]
    return np.left_shift(high, 4) | low, digits[:, 0::2] > 0


def _counts(codes: Bytes, there: Mask) -> Places:
    """Tell how many varints each row holds; one that breaks off holds none."""
    ends = there & (codes < MORE)
    is_whole = ends[np.arange(len(ends)), there.sum(axis=1) - 1]
    return np.where(is_whole, ends.sum(axis=1), 0)


def _most_common(counts: Places) -> int:
    usable = counts[(counts > 0) & (counts <= MAX_PARTS)]
    return int(np.bincount(usable).argmax()) if len(usable) else 1


def _numbers(codes: Bytes) -> Numbers:
    """Read one varint after the other."""
    ends = np.flatnonzero(codes < MORE) + 1
    lengths = np.diff(ends, prepend=0)
    shifts = np.minimum(_shifts(lengths), MAX_SHIFT)  # what this cuts does not come out the same
    numbers: Numbers = np.bitwise_or.reduceat(
        (codes & SEPTET).astype(np.uint64) << shifts, ends - lengths
    )
    return numbers


def _written(parts: Numbers) -> CioIds:
    numbers = parts.T.reshape(-1)
    lengths = np.searchsorted(_LIMITS, numbers, side="right") + 1
    septets = np.repeat(numbers, lengths) >> _shifts(lengths) & SEPTET
    codes = septets.astype(np.uint8) | MORE
    codes[np.cumsum(lengths) - 1] &= SEPTET
    sizes = 2 * lengths.reshape(-1, len(parts)).sum(axis=1)
    return _padded(_HEX[codes].view(np.uint8), sizes)


def _shifts(lengths: Places) -> Numbers:
    """Return for each byte of numbers with these *lengths* by how many bits it is shifted."""
    starts = np.cumsum(lengths) - lengths
    return 7 * (np.arange(lengths.sum()) - np.repeat(starts, lengths)).astype(np.uint64)


def _padded(digits: Bytes, sizes: Places) -> CioIds:
    """Cut *digits* into texts of these *sizes*."""
    width = max(1, int(sizes.max(initial=0)))
    table = np.zeros((len(sizes), width), np.uint8)
    table[np.arange(width) < sizes[:, np.newaxis]] = digits
    return table.view(f"S{width}").reshape(-1)
