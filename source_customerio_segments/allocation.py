"""Memory that goes back to the system when it is not needed any more."""

from __future__ import annotations

import contextlib
import ctypes

M_MMAP_THRESHOLD = -3  # mallopt(3)
LARGE_BYTES = 128 * 1024


def return_large_blocks() -> None:
    """Have glibc give arrays back when they are freed; elsewhere do nothing.

    It does so from 128 kB up, but raises that limit, to 32 MB in the end, whenever it gives one
    back, and keeps what is smaller. For a million memberships that is 80 MB that nobody uses.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
