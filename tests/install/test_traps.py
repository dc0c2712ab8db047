"""Started in a folder full of modules with usual names, no process of ours runs one of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from installed import ROOT, Traps, serving
from shortlist import Client

SHORTLIST = str(Path(sys.executable).with_name("shortlist"))
BENCH = """
import sys
from pathlib import Path
from shortlist_bench.processes import python_server, shortlist
bundles, answer = map(Path, sys.argv[1:])
with python_server("shortlist_bench.echo", [str(answer)], [0]) as echo, shortlist(bundles, [0], workers=2) as server:
    print(echo.address, server.address)
"""


def run(command: list[str], traps: Traps, environment: dict[str, str]) -> str:
    """What a command prints that is given in the folder of traps."""
    done = subprocess.run(command, cwd=traps.folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def test_the_traps_work(traps: Traps, environment: dict[str, str]) -> None:
    run([sys.executable, "-c", "import numpy"], traps, environment)
    assert traps.run() == ["numpy"]


def test_serve_with_workers(traps: Traps, trained_bundle: Any, environment: dict[str, str]) -> None:
    command = [SHORTLIST, "serve", "--bundles", str(trained_bundle.bundles), "--address", "127.0.0.1:0"]
    command += ["--workers", "2", "--state", f"sqlite:{traps.marks.parent}/state.sqlite"]
    with serving(command, traps.folder, environment) as address, Client(address) as client:
        assert len(client.recommend("somebody", 5, timeout=30).items) == 5
    assert traps.run() == []


def test_the_servers_of_the_benchmark(
    traps: Traps, trained_bundle: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "answer").write_bytes(b"")
    command = [sys.executable, "-P", "-c", BENCH, str(trained_bundle.bundles), str(tmp_path / "answer")]
    assert run(command, traps, environment).count("127.0.0.1:") == 2
    assert traps.run() == []


@pytest.mark.slow
def test_demo_and_train(traps: Traps, environment: dict[str, str], tmp_path: Path) -> None:
    demo = [SHORTLIST, "demo", "--folder", str(tmp_path / "demo"), "--items", "100", "--users", "100"]
    assert "what two events changed" in run(demo, traps, environment)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        "slices = 1\nqueries_per_slice = 50\ncandidates = 50\n"
        "tower_steps = 10\nsequence_batches = 0\nranker_epochs = 1\n"
    )
    train = [SHORTLIST, "train", "--data", str(tmp_path / "demo/data"), "--bundles", str(tmp_path / "bundles")]
    run([*train, "--config", str(recipe)], traps, environment)
    assert (tmp_path / "bundles/CURRENT").exists()
    assert traps.run() == []


def test_no_other_line_starts_an_interpreter() -> None:
    """Code of ours does it by `python_module` or says -P itself, and so do the targets of make."""
    folders = (ROOT / name for name in ("server", "retrieval", "ranking", "lib", "bench", "client/python"))
    careless = {
        "*.py": re.compile(r'sys\.executable(?!, "-P"|\)\.with_name)'),
        "*.mk": re.compile(r"\(BIN\)/python -[mc]"),
    }
    files = {kind: [path for folder in folders for path in folder.rglob(kind)] for kind in careless}
    files["*.mk"] = [ROOT / "Makefile", *ROOT.glob("*/*.mk")]
    assert [path for kind, line in careless.items() for path in files[kind] if line.search(path.read_text())] == []
