"""The report record of a retraining: the trial against the current bundle, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shortlist_evaluation.data_facts import data_facts
from shortlist_evaluation.report import item_stats
from shortlist_evaluation.sections import comparisons, differences, segments, systems, taken_metrics
from shortlist_report.record import Record
from shortlist_report.verdict import Verdict, verdict
from shortlist_training.offline import serving_offline
from shortlist_training.report_records import (
    NO_ABLATIONS,
    NO_BASELINES,
    WEIGHED,
    Source,
    bundle_facts,
    evaluated_examples,
    protocol,
    served_calibration,
)
from shortlist_training.report_training import choices, curves
from shortlist_training.retrain import CURRENT, TRIAL, Compared, Outcome
from shortlist_training.training_record import TrainingRecord

NO_COMPARISON = "Nothing was compared: {reason}."


def compared_record(found: Compared, source: Source) -> Record:
    """The record of a comparison, as long as the trial is there."""
    report, heldout = found.report, found.heldout
    past = source.dataset.until(heldout.train.now).interactions
    with serving_offline(found.trial, past) as recommender:
        shown = evaluated_examples(recommender, report, TRIAL, heldout, source)
    record = TrainingRecord.load(found.trial)
    return Record(
        title="Retraining",
        facts=bundle_facts(found.trial),
        verdict=verdict("the trial", comparisons(report, TRIAL, {CURRENT: "current bundle"}), len(heldout)),
        protocol=f"{protocol(heldout)} The trial was trained on what came before.",
        systems=systems(report, {TRIAL: "both stages", CURRENT: "current bundle"}),
        judged=TRIAL,
        differences=differences(report, TRIAL, [CURRENT]),
        segments=segments(report, heldout, source.dataset.items, [TRIAL, CURRENT]),
        calibration=served_calibration(found.lists, heldout, found.trial),
        taken=taken_metrics(heldout, item_stats(heldout)),
        curves=curves(record) if record else (),
        choices=choices(record) if record else (),
        examples=shown,
        data=data_facts(source.dataset, source.folder, heldout.train.now),
        missing={"baselines": NO_BASELINES, "ablations": NO_ABLATIONS, "calibration": WEIGHED},
    )


class Observer:
    """Makes the record while a retraining runs, and completes it with the outcome."""

    def __init__(self, source: Source, announce: Callable[[str], None]) -> None:
        self._source, self._announce = source, announce
        self._record: Record | None = None
        self._failure = ""

    def __call__(self, found: Compared) -> None:
        """Hear of a comparison."""
        self._announce("making the report")
        try:
            self._record = compared_record(found, self._source)
        except Exception as error:  # a retraining goes on without its report
            self._failure = f"the report could not be made: {error}"
            self._announce(self._failure)

    def record(self, outcome: Outcome) -> Record:
        """The record of the whole retraining, also where nothing was compared."""
        became = f"published as {outcome.published}" if outcome.published else f"not published: {outcome.decision}"
        facts = (("outcome", became), ("why", outcome.reason))
        if self._record:
            return replace(self._record, facts=(*facts, *self._record.facts))
        why = self._failure or outcome.reason
        missing = dict.fromkeys(
            ("systems", "segments", "ablations", "calibration", "beyond", "curves", "choices", "examples"),
            NO_COMPARISON.format(reason=why),
        )
        return Record(
            title="Retraining",
            facts=facts,
            verdict=Verdict(
                f"There is no comparison to show: {why}.",
                f"The bundle was {became}.",
                "doubtful",
            ),
            protocol="The newest part of what is new since the current bundle's data is held out.",
            data=data_facts(self._source.dataset, self._source.folder),
            missing=missing,
        )
