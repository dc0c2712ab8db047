"""The wheels as they are built from this tree, and a folder in which everything that a careless path would run lies."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "server")]

import server_fakes
from installed import ROOT, Traps, Wheels, build

MODULES = """
site sitecustomize usercustomize json logging asyncio ssl typing server core data client cli bundle state layers
training serve worker process numpy scipy grpc google faiss keras tensorflow numba polars redis typer rich pydantic
structlog prometheus_client shortlist shortlist_core shortlist_server shortlist_cli shortlist_bench shortlist_ranking
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Wheels:
    """The server's and the client's, built from the tree."""
    folder = tmp_path_factory.mktemp("wheels")
    client = shutil.copytree(ROOT / "client/python", folder / "client")  # setuptools builds inside the tree
    return Wheels(build("hatchling.build", ROOT, folder), build("setuptools.build_meta", client, folder))


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    """A folder of modules with names that a process of ours imports, each of which leaves a mark when it is run."""
    folder, marks = tmp_path / "traps", tmp_path / "marks"
    folder.mkdir()
    marks.mkdir()
    for name in MODULES.split():
        (folder / f"{name}.py").write_text(f"open({str(marks / name)!r}, 'w').close()\n")
    return Traps(folder, marks)


@pytest.fixture
def environment(system_test: None) -> dict[str, str]:
    """That of a user's shell: no setting keeps the current folder off the import path."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="session")
def fake_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles that the program over fakes serves at once."""
    folder = tmp_path_factory.mktemp("shop") / "bundles"
    server_fakes.publish(folder)
    return folder
