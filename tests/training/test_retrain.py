"""What is published after a retraining, and what is not."""

from __future__ import annotations

import fcntl
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.types import DAY, SECOND
from shortlist_data.dataset import Dataset
from shortlist_report.page import render
from shortlist_training import retrain as module
from shortlist_training.config import Recipe
from shortlist_training.report_records import Source
from shortlist_training.report_retrained import Observer
from shortlist_training.retrain import CURRENT, TRIAL, BusyError, Retraining, gate_cut

SILENT = lambda _: None  # noqa: E731


@pytest.fixture(autouse=True)
def few_will_do(monkeypatch) -> None:
    """The shop is small."""
    monkeypatch.setattr(module, "FEWEST_USERS", 30)


@pytest.fixture
def bundles(trained_bundle, tmp_path: Path) -> Path:
    """A folder of its own with the trained bundle."""
    return Path(shutil.copytree(trained_bundle.bundles, tmp_path / "bundles"))


@pytest.fixture
def dataset(trained_bundle) -> Dataset:
    return Dataset.read(trained_bundle.data)


@pytest.fixture
def retraining(trained_bundle) -> Retraining:
    return Retraining(Recipe(**trained_bundle.recipe), trained_bundle.seed, tolerance=0.02)


@pytest.fixture
def trained_already(trained_bundle, monkeypatch) -> list[tuple[int, bool]]:
    """Training is what it was before; the moments that it was asked for, and whether warm."""
    asked: list[tuple[int, bool]] = []

    def train(table, recipe, seed, progress, *, warm):
        asked.append((table.as_of, warm is not None))
        return trained_bundle.trained

    monkeypatch.setattr(module, "train", train)
    return asked


def worse(monkeypatch) -> None:
    """The trial ranks the other way round."""
    answered, systems = module.answered, iter([CURRENT, TRIAL])

    def turned(*given):
        lists = answered(*given)
        return replace(lists, items=lists.items[:, ::-1]) if next(systems) == TRIAL else lists

    monkeypatch.setattr(module, "answered", turned)


def test_what_holds_its_own_is_trained_on_everything_and_published(retraining, dataset, bundles):
    before = BundleStore(bundles).load()
    outcome = Retraining(retraining.recipe, 1, tolerance=1).run(dataset, bundles, SILENT)
    assert (outcome.decision, outcome.current, outcome.forced) == ("published", before.version, False)
    assert outcome.warm
    after = BundleStore(bundles).load()
    assert after.version == outcome.published
    last = dataset.interactions["timestamp"].dt.timestamp("us").max()
    assert after.manifest.as_of_micros == last + 1
    assert after.manifest.settings["retrieval"] == before.manifest.settings["retrieval"]
    assert outcome.gate is not None
    assert set(outcome.gate["systems"]) == {CURRENT, TRIAL}
    low, high = outcome.gate["difference"]["ci95"]
    assert low <= outcome.gate["difference"]["mean"] <= high
    assert not (bundles / ".retrain").exists()


def test_the_trial_does_not_know_what_it_is_judged_by(retraining, dataset, bundles, trained_already):
    as_of = BundleStore(bundles).load().manifest.as_of_micros
    outcome = retraining.run(dataset, bundles, SILENT)
    assert (outcome.decision, outcome.active) == ("published", True)
    (cut, _), (end, _) = trained_already
    assert as_of < cut < end
    assert outcome.gate["protocol"]["training_events"] == len(dataset.until(cut).interactions)
    assert outcome.gate["difference"]["mean"] == pytest.approx(0, abs=1e-9), "the same bundle, asked the same"


def test_what_is_worse_is_refused_and_leaves_nothing(retraining, dataset, bundles, trained_already, monkeypatch):
    worse(monkeypatch)
    before = BundleStore(bundles).versions()
    outcome = retraining.run(dataset, bundles, SILENT)
    assert (outcome.decision, outcome.published, outcome.active) == ("refused", None, False)
    assert "outside the tolerance of 2%" in outcome.reason
    assert outcome.gate["difference"]["mean"] < 0
    assert len(trained_already) == 1
    assert BundleStore(bundles).versions() == before
    assert not (bundles / ".retrain").exists()


def test_force_publishes_all_the_same_and_says_so(retraining, dataset, bundles, trained_already, monkeypatch):
    worse(monkeypatch)
    forced = Retraining(retraining.recipe, 1, 0.02, force=True, activate=False)
    before = BundleStore(bundles).current()
    outcome = forced.run(dataset, bundles, SILENT)
    assert (outcome.decision, outcome.forced, outcome.active) == ("published", True, False)
    assert "outside the tolerance" in outcome.reason
    assert outcome.published in BundleStore(bundles).versions()
    assert BundleStore(bundles).current() == before


def test_with_too_little_that_is_new_nothing_is_trained(retraining, dataset, bundles, trained_already):
    for since_then, why in ((-DAY, "interactions lie before "), (0, "interactions lie before "), (DAY // 4, "since ")):
        known = dataset.until(BundleStore(bundles).load().manifest.as_of_micros + since_then)
        outcome = retraining.run(known, bundles, SILENT)
        assert (outcome.decision, outcome.published) == ("too little is new", None)
        assert why in outcome.reason
        assert "30 users who came back for something new are needed" in outcome.reason
    assert trained_already == []


def test_the_first_bundle_needs_no_other(retraining, dataset, tmp_path, trained_already):
    outcome = retraining.run(dataset, tmp_path / "new", SILENT)
    assert (outcome.decision, outcome.current, outcome.active) == ("published", None, True)
    assert [warm for _, warm in trained_already] == [False]


def test_what_was_activated_meanwhile_stays(retraining, dataset, bundles, trained_already, monkeypatch):
    real = module.publish

    def publish(trained, into, seed, *more):
        if into == bundles:
            real(trained, into, seed, activate=True)
        return real(trained, into, seed, *more)

    monkeypatch.setattr(module, "publish", publish)
    outcome = retraining.run(dataset, bundles, SILENT)
    assert outcome.published and not outcome.active
    assert BundleStore(bundles).current() not in (outcome.published, outcome.current)


def test_one_at_a_time_and_a_killed_one_leaves_no_lock(retraining, dataset, bundles, trained_already):
    (bundles / ".retrain" / "half").mkdir(parents=True)
    with (bundles / ".retrain.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="another retraining"):
            retraining.run(dataset, bundles, SILENT)
        assert (bundles / ".retrain" / "half").exists()
    assert retraining.run(dataset, bundles, SILENT).decision == "published"
    assert not (bundles / ".retrain").exists()


def test_the_gate_is_the_newest_part_of_what_is_new():
    def at(*days: float) -> pl.DataFrame:
        times = [round(day * DAY) for day in days]
        return pl.DataFrame({"timestamp": times}).cast({"timestamp": pl.Datetime("us", "UTC")})

    assert gate_cut(at(1, 9), as_of=0) == pytest.approx(6 * DAY, abs=SECOND)
    assert gate_cut(at(1, 900), as_of=0) == pytest.approx(870 * DAY, abs=SECOND)
    assert gate_cut(at(1, 9), as_of=20 * DAY) >= 9 * DAY
    assert np.isfinite(gate_cut(at(), as_of=5))


def test_a_report_has_the_comparison_and_what_became_of_it(retraining, dataset, bundles, trained_bundle):
    observer = Observer(Source(dataset, trained_bundle.data), SILENT)
    outcome = replace(retraining, compared=observer, tolerance=1.0).run(dataset, bundles, SILENT)
    record = observer.record(outcome)
    assert dict(record.facts)["outcome"] == f"published as {outcome.published}"
    assert record.verdict.sentence.startswith("The trial is ")
    assert [each.other for each in record.differences] == [CURRENT]
    assert record.differences[0].gain.mean == pytest.approx(outcome.gate["difference"]["mean"])
    assert record.examples and record.segments and record.calibration and record.curves
    assert all(set(group.of_systems) == {TRIAL, CURRENT} for each in record.segments for group in each.groups)
    assert TRIAL in render(record)


def test_a_report_without_a_comparison_says_why(retraining, dataset, tmp_path, trained_bundle, trained_already):
    observer = Observer(Source(dataset, trained_bundle.data), SILENT)
    outcome = replace(retraining, compared=observer).run(dataset, tmp_path / "empty", SILENT)
    record = observer.record(outcome)
    assert "there was no bundle to compare with" in record.verdict.sentence
    assert "Nothing was compared" in render(record)
