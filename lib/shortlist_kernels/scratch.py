"""Scratch arrays for kernels that need one number per item."""

from __future__ import annotations

import threading

import numpy as np

from shortlist_core.types import Float32s, Int32s


class Scratch(threading.local):
    """One number per item for a thread's loops to work in: zeros, which whoever uses them leaves as zeros.

    Clearing the few that were used costs less than making as many as a large catalogue needs each time.
    """

    def __init__(self) -> None:
        self._float32s: Float32s = np.zeros(0, np.float32)
        self._int32s: Int32s = np.zeros(0, np.int32)

    def float32s(self, size: int) -> Float32s:
        """So many zeros."""
        if len(self._float32s) < size:
            self._float32s = np.zeros(size, np.float32)
        return self._float32s[:size]

    def int32s(self, size: int) -> Int32s:
        """So many zeros."""
        if len(self._int32s) < size:
            self._int32s = np.zeros(size, np.int32)
        return self._int32s[:size]


scratch = Scratch()
