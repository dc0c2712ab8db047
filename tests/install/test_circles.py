"""The circle that import-linter's contract "No circles" does not see: from a file to the package that it lies in."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]


def test_no_file_imports_a_package_that_it_lies_in() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    graph = grimp.build_graph(*linter["root_packages"], cache_dir=None)
    upwards = [
        f"{file} -> {imported}"
        for file in graph.modules
        for imported in graph.find_modules_directly_imported_by(file)
        if file.startswith(f"{imported}.")
    ]
    assert not upwards
