"""The cache of compiled loops on disk, found without loading numba."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HERE = Path(__file__).parent


def compiled_loops() -> list[Path]:
    """The files of the loops that are compiled for this Python; empty where the next start compiles them first.

    They lie where numba puts them: in NUMBA_CACHE_DIR, or beside the sources, or in the user's cache folder where the
    sources lie in a folder that cannot be written.
    """
    ending = f"*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    if own := os.environ.get("NUMBA_CACHE_DIR"):
        return sorted(Path(own).glob(f"{_HERE.name}_*/{ending}"))
    of_user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"
    return sorted((_HERE / "__pycache__").glob(ending)) or sorted(of_user.glob(f"{_HERE.name}_*/{ending}"))
