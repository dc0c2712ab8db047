"""Loops that numpy has no words for, as machine code: a decorator over numba, and room for such loops to work in.

What numba compiles is kept on disk beside the source (or in the user's cache folder where that cannot be written), so
only the first process of an installation waits for it. Compiled loops check no bounds: whoever calls one vouches for
its indices.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from shortlist_core.types import Float32s, Int32s

F = TypeVar("F", bound=Callable[..., Any])


def compiled(loop: F) -> F:
    """The function as machine code, specialised to the types it is called with; other threads run meanwhile."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(loop))


def compiled_sums(loop: F) -> F:
    """As `compiled`, and sums may be taken in any order, which lets them run over vectors."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"})(loop))


class Room(threading.local):
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


room = Room()
