"""How a process of ours is started: by the same interpreter, and without the current folder on its import path."""

from __future__ import annotations

import sys


def python_module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module with these arguments, as `python -m` does.

    `-m` alone puts the current folder first on the import path: a `server.py` or `numpy.py` that happens to lie there
    would run in the place of the real one. `-P` leaves the folder out.
    """
    return [sys.executable, "-P", "-m", name, *arguments]
