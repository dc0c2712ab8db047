"""Loops that numpy has no words for, as machine code: a decorator over numba, and room for such loops to work in.

What numba compiles is kept on disk: in `NUMBA_CACHE_DIR` if that is set, else beside the source, else in the user's
cache folder. Only the first process of an installation waits for it; where nothing can be written, each process does.
Compiled loops check no bounds: whoever calls one vouches for its indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(loop: F) -> F:
    """The function as machine code, specialised to the types it is called with; other threads run meanwhile."""
    return _kept(loop)


def compiled_sums(loop: F) -> F:
    """As `compiled`, and sums may be taken in any order, which lets them run over vectors."""
    return _kept(loop, fastmath={"reassoc", "contract"})


def _kept(loop: F, **options: Any) -> F:
    options |= {"nogil": True, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **options)(loop))
    except RuntimeError:  # there is no folder that can be written, as in a container whose file system is read-only
        return cast(F, numba.njit(**options)(loop))
