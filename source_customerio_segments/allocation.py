"""Memory that goes back to the system when it is not needed any more."""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGE_BYTES = 4 * 2**20
KEPT_BYTES = 32 * 2**20


def return_large_blocks() -> None:
    """Have glibc give large arrays back when they are freed; elsewhere do nothing.

    Left alone it raises the limit, to 32 MB in the end, whenever it gives one back, and keeps what
    is smaller: for a million memberships 80 MB that nobody uses. A limit as low as it begins with
    would cost a quarter of the whole time, as every array of a few thousand people would be asked
    of the system anew.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
