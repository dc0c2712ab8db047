"""Report records: what `evaluate`, `train` and `retrain` measured, as the report's page shows it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shortlist_bundle import Bundle
from shortlist_core.types import NO_ITEM
from shortlist_data.dataset import Dataset
from shortlist_data.splits import text_of
from shortlist_evaluation.calibration import calibration
from shortlist_evaluation.data_facts import data_facts
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report
from shortlist_evaluation.sections import (
    best_baseline,
    comparisons,
    differences,
    segments,
    systems,
    taken_metrics,
)
from shortlist_report.record import Calibration, Example, Record, Role
from shortlist_report.verdict import Role as Other
from shortlist_report.verdict import Verdict, verdict
from shortlist_training.assess import BOTH_STAGES, STAGE_ONE, WITHOUT, Assessment
from shortlist_training.offline import Lists, Recommender
from shortlist_training.report_examples import Catalogue, examples, typical
from shortlist_training.report_training import choices, curves
from shortlist_training.training_record import TrainingRecord

NO_RECORD = "The bundle was trained before trainings were recorded; train anew to see this."
NO_BASELINES = "No baseline was measured; `--baselines` of `shortlist evaluate` fits and tests them."
WEIGHED = "Lists are ordered by the recipe's weights of actions, so their scores are no probabilities."
NO_ABLATIONS = "The bundle holds no rankers without a part; `--ablations` of `shortlist train` trains some."


@dataclass(frozen=True, eq=False)
class Source:
    """The data that a report is about."""

    dataset: Dataset
    folder: Path


def verdict_of(bundle: Bundle, report: Report, users: int) -> Verdict:
    """The verdict on both stages of a bundle, against the best baseline and stage one."""
    best, stage_one_served = best_baseline(report, roles_of(report)), bundle.manifest.metrics.get("ranker_share") == 0
    others: dict[str, Other] = {best: "baseline"} if best else {}
    found = comparisons(report, BOTH_STAGES, others | {STAGE_ONE: "stage one"})
    return verdict("both stages", found, users, stage_one_served)


def roles_of(report: Report) -> dict[str, Role]:
    """The roles of the systems that `assess` measured; all others are baselines."""
    parts = [name for name in report.systems if name.startswith(WITHOUT) or name.endswith("source alone")]
    roles: dict[str, Role] = dict.fromkeys(parts, "part")
    return roles | {BOTH_STAGES: "both stages", STAGE_ONE: "stage one"}


def evaluated(
    bundle: Bundle,
    found: Assessment,
    heldout: Heldout,
    source: Source,
    shown: tuple[Example, ...],
    judgement: Verdict,
) -> Record:
    """The record of an evaluation, whose verdict is that of `verdict_of`."""
    report, roles = found.report, roles_of(found.report)
    measured = systems(report, roles)
    best = best_baseline(report, roles)
    missing = {} if best else {"baselines": NO_BASELINES}
    ablated = [name for name in report.systems if name.startswith(WITHOUT)]
    if not ablated:
        missing["ablations"] = NO_ABLATIONS
    if bundle.manifest.action_weights:
        missing["calibration"] = WEIGHED
    record = TrainingRecord.load(bundle)
    if record is None:
        missing |= dict.fromkeys(("curves", "choices"), NO_RECORD)
    compared = [BOTH_STAGES, STAGE_ONE, *([best] if best else [])]
    return Record(
        title="Evaluation of a bundle",
        facts=bundle_facts(bundle),
        verdict=judgement,
        protocol=protocol(heldout),
        systems=measured,
        judged=BOTH_STAGES,
        differences=differences(
            report, BOTH_STAGES, [each.name for each in measured if each.name not in (BOTH_STAGES, *ablated)]
        ),
        ablations=differences(report, BOTH_STAGES, ablated),
        segments=segments(report, heldout, source.dataset.items, compared),
        calibration=served_calibration(found.served, heldout, bundle),
        taken=taken_metrics(heldout, found.stats),
        curves=curves(record) if record else (),
        choices=choices(record) if record else (),
        examples=shown,
        data=data_facts(source.dataset, source.folder, heldout.train.now),
        missing=missing,
    )


def evaluated_examples(
    recommender: Recommender,
    found: Report,
    name: str,
    heldout: Heldout,
    source: Source,
    erased: Container[str] = frozenset(),
) -> tuple[Example, ...]:
    """Some of the test users, with what the system `name` of the report recommends to them; none of those `erased`."""
    past = source.dataset.until(heldout.train.now).interactions
    users, wanted = heldout.user_ids, heldout.relevant
    rows = {user: row for row, user in enumerate(users) if user not in erased}
    hit = found.per_user(name, "hit@10")[list(rows.values())] > 0
    chosen = typical(list(rows), past, hit)
    later = {
        user: heldout.train.item_ids.gather(wanted.items[slice(*wanted.offsets[rows[user] :][:2])]).to_list()
        for user in chosen
    }
    return examples(recommender, chosen, past, Catalogue.of(source.dataset, source.folder), later)


def served_calibration(served: Lists, heldout: Heldout, bundle: Bundle) -> Calibration | None:
    """The calibration of both stages' probabilities on the test users; None where scores are weighted sums of them."""
    if bundle.manifest.action_weights:
        return None
    listed = (served.items != NO_ITEM) & ~heldout.seen.contain(served.items)
    taken = heldout.relevant.contain(served.items)
    return calibration(
        served.scores[listed],
        taken[listed],
        "The candidates of both stages for the test users, and whether the user took them after the cut. Probabilities"
        " are of a stretch of time as long as those that the ranker learned from, so a longer or shorter test shifts"
        " all of them.",
    )


def protocol(heldout: Heldout) -> str:
    """How systems were tested, in words."""
    train = heldout.train
    return (
        f"{len(heldout):,} test users had events before {text_of(train.now)} and took something new to them afterwards:"
        f" {len(heldout.relevant.items):,} items in all. Each system ranks all {len(train.item_ids):,} items of before,"
        f" without those the user had, after {len(train.items):,} events of {len(train.user_ids):,} users. Intervals"
        " are 95 % bootstrap intervals over users; differences are paired, user by user."
    )


def bundle_facts(bundle: Bundle) -> tuple[tuple[str, str], ...]:
    """What a report says of the bundle in its head."""
    manifest = bundle.manifest
    return (
        ("bundle", bundle.version),
        ("trained on data until", text_of(manifest.as_of_micros)),
        ("seed", str(manifest.seed)),
        ("report made", _now()),
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
