"""Compiled loops run also where nothing that is compiled can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import pytest

from shortlist_kernels.compiled import compiled

PROGRAM = """
def total(values):
    result = 0.0
    for value in values:
        result += value
    return result
"""


@pytest.fixture
def unwritable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source file, and no folder in which what is compiled of it could be kept: files stand where folders would."""
    source = tmp_path / "loops.py"
    source.write_text(PROGRAM)
    (tmp_path / "__pycache__").touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(source / "loops"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(source / "cache"))
    yield source


def test_a_loop_is_compiled_where_nothing_can_be_kept(unwritable: Path) -> None:
    names: dict[str, object] = {}
    exec(compile(unwritable.read_text(), unwritable, "exec"), names)
    loop = compiled(names["total"])  # type: ignore[type-var]
    assert loop(np.arange(4.0)) == 6.0  # type: ignore[operator]
