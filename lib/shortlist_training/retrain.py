"""Training again on what happened since: a trial must hold its own against the current bundle before one is published.

The newest part of what is new is held out. The trial is trained on everything before it. Both rank for the same users
by the pipeline that serves; to the current bundle, what happened since its data ended counts as live events do. Only
then is the next bundle trained, on everything. Nothing is published before its end, so that a retraining may be killed
at any moment.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from shortlist_bundle import Bundle, BundleStore, Manifest
from shortlist_bundle.files import unlocked
from shortlist_bundle.leftovers import RETRAIN_LOCK
from shortlist_core.errors import DataError, ShortlistError
from shortlist_core.event_weights import EventWeights
from shortlist_core.types import DAY, SECOND
from shortlist_data.dataset import Dataset
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report
from shortlist_layers.item_features import ItemFeatures
from shortlist_training.assess import answered
from shortlist_training.config import Recipe
from shortlist_training.offline import Lists
from shortlist_training.plan import TRIAL as TRIAL_STEP
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare
from shortlist_training.warm import warm_start

GATE_SHARE = 1 / 3
"""Of the time since the current bundle's data, what is held out, the newest; what the trial does not learn from."""

GATE_DAYS = 30
"""Held out at most: what comes much later says little about how good a bundle is when it is new."""

FEWEST_USERS = 100
"""Test users; with fewer, the gate would be a lottery."""

CURRENT, TRIAL = "current bundle", "trial"

Decision = Literal["published", "refused", "too little is new"]
Progress = Callable[[str], None]


class BusyError(ShortlistError):
    """Another retraining of the same folder is under way."""

    reason = "BUSY"


@dataclass
class Outcome:
    """What a retraining came to."""

    decision: Decision = "published"
    reason: str = ""
    current: str | None = None  # version
    published: str | None = None
    active: bool = False
    forced: bool = False  # published although the gate did not say so
    warm: bool = False  # settings and ranker began where the current bundle's ended
    gate: dict[str, Any] | None = None  # protocol, both systems, difference in NDCG@10 with its interval
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report, of JSON types only."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Compared:
    """What the gate compared, for whoever reports it while the trial is there."""

    report: Report  # with CURRENT and TRIAL
    heldout: Heldout
    trial: Bundle
    lists: Lists  # of the trial


@dataclass(frozen=True)
class Retraining:
    """How to train and when to publish."""

    recipe: Recipe
    seed: int
    tolerance: float  # share of the current bundle's NDCG@10 that the trial may lack
    force: bool = False  # publish whatever the gate says, or without one
    activate: bool = True
    warm: bool = True  # begin from the current bundle where it fits
    catalog_sequences: Mapping[str, int] = field(default_factory=dict)  # store of items -> last change in the data set
    compared: Callable[[Compared], None] = lambda _: None  # hears of the comparison

    def run(self, dataset: Dataset, bundles: Path, announce: Progress) -> Outcome:
        """Train on the data set, compare, and publish or not.

        Raises BusyError while another one is at work in the folder, and what training raises.
        """
        with _alone(bundles) as workspace:
            store, outcome = BundleStore(bundles), Outcome()
            if store.current() is None:
                outcome.reason = "there was no bundle to compare with"
                self._publish(dataset, store, None, outcome, announce)
                return outcome
            current = store.load()
            outcome.current = current.version
            self._judge(dataset, current, workspace, outcome, announce)
            if outcome.decision == "published" or self.force:
                outcome.forced = outcome.decision != "published"
                outcome.decision = "published"
                self._publish(dataset, store, current, outcome, announce)
            return outcome

    def _judge(self, dataset: Dataset, current: Bundle, workspace: Path, outcome: Outcome, announce: Progress) -> None:
        """Train the trial and compare; leave the decision and the reason in the outcome."""
        cut = gate_cut(dataset.interactions, current.manifest.as_of_micros)
        judged, weights = dataset.with_dislikes(current.manifest.dislike_below), current.manifest.event_weights
        heldout, users = _heldout(judged, cut, weights)
        if heldout is None or len(heldout) < FEWEST_USERS:
            outcome.decision = "too little is new"
            outcome.reason = (
                f"{users}; {FEWEST_USERS} users who came back for something new are needed to compare with bundle"
                f" {current.version}, whose data ends at {_text(current.manifest.as_of_micros)}"
            )
            return
        with _timed(outcome, "trial"):
            trial = self._train(dataset, cut, current, workspace, outcome, lambda step: announce(f"{TRIAL_STEP}{step}"))
        past = dataset.until(cut).interactions
        report, candidate = Report(heldout), BundleStore(workspace).load(trial.version)
        with _timed(outcome, "comparison"):
            for name, bundle in ((CURRENT, current), (TRIAL, candidate)):
                announce(f"comparing: {name}")
                lists = answered(bundle, heldout, past)
                report.add(name, lists.items)
        self.compared(Compared(report, heldout, candidate, lists))
        outcome.gate = report.to_json() | {
            "tolerance": self.tolerance,
            "difference": report.difference(TRIAL, CURRENT),
        }
        ours, theirs = (report.systems[name]["ndcg@10"] for name in (TRIAL, CURRENT))
        passed = ours >= (1 - self.tolerance) * theirs
        outcome.decision = "published" if passed else "refused"
        outcome.reason = (
            f"NDCG@10 {ours:.4f} where the current bundle has {theirs:.4f},"
            f" {'within' if passed else 'outside'} the tolerance of {self.tolerance:.0%}"
        )

    def _publish(
        self, dataset: Dataset, store: BundleStore, current: Bundle | None, outcome: Outcome, announce: Progress
    ) -> None:
        """The bundle of everything. It becomes current unless somebody changed meanwhile what it was compared with."""
        with _timed(outcome, "final"):
            published = self._train(dataset, None, current, store.directory, outcome, announce)
        outcome.published = published.version
        if self.activate and store.current() == outcome.current:
            store.activate(published.version)
            outcome.active = True

    def _train(
        self,
        dataset: Dataset,
        until: int | None,
        current: Bundle | None,
        into: Path,
        outcome: Outcome,
        announce: Progress,
    ) -> Manifest:
        known = ItemFeatures.load(current) if current and self.warm else None
        table = prepare(dataset, until, known)
        warm = warm_start(current, table) if current and self.warm else None
        outcome.warm = warm is not None
        trained = train(table, self.recipe, self.seed, announce, warm=warm)
        return publish(trained, into, self.seed, False, self.catalog_sequences)


def gate_cut(interactions: pl.DataFrame, as_of: int) -> int:
    """From where on events are held out, microseconds; `as_of` at least."""
    end = int(interactions["timestamp"].dt.timestamp("us").to_numpy().max(initial=as_of)) + 1
    new = max(end - as_of, 0)
    return end - int(min(GATE_SHARE * new, GATE_DAYS * DAY))


def _heldout(dataset: Dataset, cut: int, weights: EventWeights) -> tuple[Heldout | None, str]:
    """What is held out, and how many users that is; None and the reason where it is nobody."""
    try:
        heldout = Heldout.of(dataset, cut, weights)
    except DataError as error:
        return None, str(error)
    return heldout, f"{len(heldout):,} users came back for something new since {_text(cut)}"


@contextmanager
def _alone(bundles: Path) -> Iterator[Path]:
    """Room for the trial, which the next retraining clears where one was killed."""
    lock, workspace = bundles / RETRAIN_LOCK, bundles / ".retrain"
    try:
        bundles.mkdir(parents=True, exist_ok=True)
        lock.touch()
    except OSError as error:
        raise DataError(f"{bundles}: cannot write: {error.strerror or error}") from error
    with unlocked(lock) as free:
        if not free:
            raise BusyError(f"another retraining is at work in {bundles}")
        shutil.rmtree(workspace, ignore_errors=True)
        try:
            yield workspace
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


@contextmanager
def _timed(outcome: Outcome, part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    outcome.seconds[part] = round(time.monotonic() - started, 1)


def _text(micros: int) -> str:
    return datetime.fromtimestamp(micros / SECOND, UTC).isoformat(timespec="seconds")
