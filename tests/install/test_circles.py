"""What import-linter's contract "No circles" leaves open: packages that it is not told of, and circles through the
package that a file lies in.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_the_contract_covers_every_package() -> None:
    folders = ("server", "retrieval", "ranking", "lib", "bench", "client/python")
    packages = {path.parent.name for folder in folders for path in (ROOT / folder).glob("shortlist*/__init__.py")}
    (contract,) = (each for each in LINTER["contracts"] if each["type"] == "acyclic_siblings")
    assert set(contract["ancestors"]) == set(LINTER["root_packages"]) == packages


def test_no_file_imports_a_package_that_it_lies_in() -> None:
    graph = grimp.build_graph(*LINTER["root_packages"], cache_dir=None)
    upwards = [
        f"{file} -> {imported}"
        for file in graph.modules
        for imported in graph.find_modules_directly_imported_by(file)
        if file.startswith(f"{imported}.")
    ]
    assert not upwards
