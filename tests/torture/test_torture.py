"""Every torture in its short form (`make torture` runs them in full), and that they notice what they are there for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import run_tortures
import server_fakes as fakes
from torture_event_writes import check
from torture_publish_kills import ExpectedFolder

from shortlist_core.types import Event
from shortlist_data import time_units
from shortlist_state import open_store


@pytest.mark.parametrize("name", run_tortures.NAMES)
@pytest.mark.system
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


def test_a_lost_or_a_half_batch_is_noticed(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.db'}"
    store = open_store(url)
    store.append([Event(f"whole-{part}", "u", "i", 0) for part in range(3)])
    assert check(url, {"whole"}).stored == 1
    with pytest.raises(AssertionError, match="1 acknowledged batches are gone"):
        check(url, {"whole", "lost"})
    store.append([Event(f"half-{part}", "u", "i", 0) for part in range(2)])
    with pytest.raises(AssertionError, match="1 batches are there in part"):
        check(url, {"whole"})
    store.close()


def test_a_current_bundle_that_nobody_made_so_and_a_bundle_that_is_gone_are_noticed(tmp_path: Path) -> None:
    store = fakes.publish(tmp_path)
    [old] = store.versions()
    assert ExpectedFolder(store, old, {old}).follow(["begin\tpublish\t\n"]) == "publish"
    fakes.publish(tmp_path)
    assert ExpectedFolder(store, old, {old}).follow(["begin\tpublish\t\n"]) == "publish"
    with pytest.raises(AssertionError, match="is current and not one of"):
        ExpectedFolder(store, old, {old}).follow(["begin\tpublish beside\t\n"])
    with pytest.raises(AssertionError, match="was published and is gone"):
        ExpectedFolder(store, store.current() or "", {old, "20200101-000000-abcdef"}).follow([])


def test_a_cell_that_is_changed_silently_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = run_tortures.module("imports")
    monkeypatch.setattr("shortlist_data.numbers._UNSURE", "^$")  # 1,234 is read as whatever comes first
    with pytest.raises(AssertionError, match="is read as"):
        imports.torture(tmp_path, seed=1, tables=400)
    monkeypatch.undo()
    monkeypatch.setitem(time_units.UNITS, "excel", replace(time_units.UNITS["excel"], zero=0))
    with pytest.raises(AssertionError):
        imports.torture(tmp_path, seed=1, tables=400)
