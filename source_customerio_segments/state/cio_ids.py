"""cio_ids in few bytes. Pure.

Real ones look like lower-case hex of a few LEB128 varints, e.g. ``e2be060e8f38b0891a`` is
(106338, 14, 7183, 427184): workspace, then counters. The format is not documented, so every id is
written back and compared; one that does not come out the same is kept as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from source_customerio_segments.snapshot.columns import Mask, Places
from source_customerio_segments.snapshot.people import CioIds
from source_customerio_segments.state.packing import (
    DamagedError,
    Numbers,
    from_planes,
    to_planes,
)
from source_customerio_segments.state.varints import join, split


def pack_cio_ids(cio_ids: CioIds) -> tuple[bytes, Places]:
    """Write cio_ids in the order that packs best.

    Returns:
        The bytes, and the rows of *cio_ids* in the order written; other columns go in that order.
    """
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
