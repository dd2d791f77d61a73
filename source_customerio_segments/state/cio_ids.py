"""cio_ids in few bytes. Pure.

Real ones look like lower-case hex of a few LEB128 varints, e.g. ``e2be060e8f38b0891a`` is
(106338, 14, 7183, 427184): workspace, then counters. The format is not documented, so every id is
written back and compared; one that does not come out the same is kept as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import BLOCK_ROWS, Mask, Places, blocks
from source_customerio_segments.snapshot.people import CioIds
from source_customerio_segments.state.packing import (
    DamagedError,
    Numbers,
    from_planes,
    to_planes,
)

MAX_PARTS = 6
MAX_BYTES = 24  # six varints of ordinary size; longer ids are kept as text
MAX_PART_BYTES = 10  # of a varint of 64 bits
MAX_SHIFT = 63

_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def pack_cio_ids(cio_ids: CioIds) -> tuple[bytes, Places]:
    """Write cio_ids in the order that packs best.

    Returns:
        The bytes, and the rows of *cio_ids* in the order written; other columns go in that order.
    """
    return _packed(cio_ids.tobytes(), cio_ids.dtype.itemsize)


@lru_cache(maxsize=1)  # the states of one sync repeat them, and mostly those of two streams
def _packed(column: bytes, width: int) -> tuple[bytes, Places]:
    cio_ids = np.frombuffer(column, f"S{width}")
    parts, regular = split(cio_ids)
    plain, counted = np.flatnonzero(~regular), np.flatnonzero(regular)
    parts = parts if regular.all() else parts[:, counted]
    order = np.lexsort(parts[::-1])
    texts = cio_ids[plain].tolist()
    raw = to_planes([len(text) for text in texts]) + b"".join(texts) + to_planes([len(parts)])
    raw += b"".join(map(to_planes, _steps(part[order] for part in parts)))
    return raw, np.concatenate([plain, counted[order]])


def unpack_cio_ids(raw: bytes) -> CioIds:
    """Read what :func:`pack_cio_ids` wrote, in the order written.

    Raises:
        DamagedError: The bytes are not a column of cio_ids.
    """
    lengths, raw = from_planes(raw)
    ends = np.cumsum(lengths.astype(np.int64)).tolist()
    texts = [raw[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    (width, *_), raw = from_planes(raw[ends[-1] if ends else 0 :])
    columns = []
    for _ in range(int(width)):
        column, raw = from_planes(raw)
        columns.append(column)
    if len({len(column) for column in columns}) != 1:
        raise DamagedError("the parts of the cio_ids do not fit together")
    counted = join(_unstep(np.stack(columns)))
    return np.concatenate([np.array(texts, np.bytes_) if texts else counted[:0], counted])


def split(cio_ids: CioIds) -> tuple[Numbers, Mask]:
    """Read cio_ids as varints.

    Returns:
        The parts, one row for all first parts, one for all second parts, ...; and for each id
        whether its parts stand for it (else they are zeros). All have the number of parts that is
        most common at the beginning.
    """
    sample = _varints(*_septets(cio_ids[:BLOCK_ROWS]))[1]
    width = _most_common(sample)
    parts = np.zeros((width, len(cio_ids)), np.uint64)
    regular = np.zeros(len(cio_ids), np.bool_)
    for block in blocks(len(cio_ids)):
        found, counts = _varints(*_septets(cio_ids[block]))
        found = found[:width]
        regular[block] = (counts == width) & (_written(found) == cio_ids[block])
        parts[:, block] = np.where(regular[block], found, 0)
    return parts, regular


def join(parts: Numbers) -> CioIds:
    """Write parts as hex of varints."""
    written = [_written(parts[:, block]) for block in blocks(parts.shape[1])]
    return np.concatenate([np.empty(0, "S1"), *written])


def _written(parts: Numbers) -> CioIds:
    count = parts.shape[1]
    codes = np.zeros((count, 2 * MAX_PARTS * MAX_PART_BYTES), np.uint8)
    at = np.zeros(count, np.int64)
    for part in parts:
        _write(part, codes, at)
    width = max(1, int(at.max(initial=0)))
    return np.ascontiguousarray(codes[:, :width]).view(f"S{width}").reshape(-1)


def _write(part: Numbers, codes: NDArray[np.uint8], at: Places) -> None:
    """Append one varint to each row of *codes*, where *at* says; *at* moves on."""
    rest, rows = part.copy(), np.arange(len(part))
    while len(rows):
        septet = (rest[rows] & 0x7F).astype(np.uint8)
        rest[rows] >>= np.uint64(7)
        septet |= (rest[rows] > 0).astype(np.uint8) << 7
        codes[rows, at[rows]] = _HEX[septet >> 4]
        codes[rows, at[rows] + 1] = _HEX[septet & 15]
        at[rows] += 2
        rows = rows[rest[rows] > 0]


def _septets(cio_ids: CioIds) -> tuple[NDArray[np.uint8], Mask]:
    """Read ids as hex: one row of bytes each, and which of them are there."""
    width = min(cio_ids.dtype.itemsize, 2 * MAX_BYTES)
    codes = np.zeros((len(cio_ids), width + width % 2), np.uint8)
    codes[:, :width] = _bytes_of(cio_ids)[:, :width]
    high, low = _NIBBLES[codes[:, 0::2]], _NIBBLES[codes[:, 1::2]]
    septets: NDArray[np.uint8] = np.bitwise_or(np.left_shift(high, 4), low)
    return septets, codes[:, 0::2] > 0


def _varints(septets: NDArray[np.uint8], there: Mask) -> tuple[Numbers, NDArray[np.int64]]:
    """Read rows of bytes as varints; a row that is none has a count of zero."""
    parts = np.zeros((MAX_PARTS + 1, len(septets)), np.uint64)
    counts, shifts = np.zeros(len(septets), np.int64), np.zeros(len(septets), np.uint64)
    everyone = np.arange(len(septets))
    for septet, is_there in zip(septets.T, there.T, strict=True):
        value = (septet & 0x7F).astype(np.uint64) << shifts
        parts[np.minimum(counts, MAX_PARTS), everyone] |= np.where(is_there, value, 0)
        ended = is_there & (septet < 0x80)  # noqa: PLR2004 - the top bit says "more to come"
        counts += ended
        shifts = np.where(ended, 0, np.minimum(shifts + np.uint64(7), MAX_SHIFT))
    return parts, np.where(counts <= MAX_PARTS, counts, 0)


def _most_common(counts: NDArray[np.int64]) -> int:
    usable = counts[counts > 0]
    return int(np.bincount(usable).argmax()) if len(usable) else 1


def _bytes_of(cio_ids: CioIds) -> NDArray[np.uint8]:
    width = cio_ids.dtype.itemsize
    return np.ascontiguousarray(cio_ids).view(np.uint8).reshape(len(cio_ids), width)


def _steps(parts: Iterable[Numbers]) -> Iterator[Numbers]:
    """Yield each part as the step from the id before where all parts to the left are equal."""
    same: Mask | np.bool_ = np.True_
    for part in parts:
        step = part.copy()
        step[1:] = np.where(same, part[1:] - part[:-1], part[1:])
        same = same & (part[1:] == part[:-1])
        yield step


def _unstep(steps: Numbers) -> Numbers:
    same = np.ones(steps.shape[1], np.bool_)
    same[:1] = False
    for step in steps:
        ends = np.where(same, 0, np.arange(len(step)))
        starts = np.maximum.accumulate(ends)  # where each run of steps begins
        same &= step == 0
        totals = np.cumsum(step)
        step[:] = totals - totals[starts] + step[starts]
    return steps
