"""The allocator of a process: how memory is kept that was freed."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_LARGEST = 2**31 - 1


def keep_freed_memory() -> None:
    """Keep freed memory for the arrays that follow, where the C library is glibc; elsewhere nothing changes.

    Training makes and drops arrays of many megabytes all the time. By default each of them is mapped anew, and the
    kernel clears it page by page: that was two fifths of the processor time of a training (docs/experiments.md,
    2026-11-30).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _LARGEST)
