"""Loops that numpy has no words for, as machine code: a decorator over numba, and room for such loops to work in.

What numba compiles is kept on disk beside the source (or in the user's cache folder where that cannot be written), so
only the first process of an installation waits for it. Compiled loops check no bounds: whoever calls one vouches for
its indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(loop: F) -> F:
    """The function as machine code, specialised to the types it is called with; other threads run meanwhile."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(loop))


def compiled_sums(loop: F) -> F:
    """As `compiled`, and sums may be taken in any order, which lets them run over vectors."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"})(loop))
