"""Every torture in its short form; `make torture` runs the full ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import run_tortures


@pytest.mark.parametrize("name", run_tortures.NAMES)
def test_torture(name: str, tmp_path: Path) -> None:
    module = run_tortures.module(name)
    assert module.torture(tmp_path, seed=1, **module.SHORT)


def test_a_section_of_the_report_replaces_its_older_self_alone(tmp_path: Path) -> None:
    report = tmp_path / "reliability.md"
    run_tortures.write(report, "bundle_swaps", ["- 1 swap"])
    run_tortures.write(report, "bundle_damage", ["- 1 trial"])
    before = report.read_text()
    run_tortures.write(report, "bundle_swaps", ["- 2 swaps"])
    assert report.read_text() == before.replace("- 1 swap\n", "- 2 swaps\n")
    assert before.index("Damaged bundles") < before.index("Activations and rollbacks")  # by name, not by when
