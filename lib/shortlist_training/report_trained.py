"""The report record of a training: what its held-out queries say, and what the published bundle recommends."""

from __future__ import annotations

import numpy as np

from shortlist_bundle import Bundle
from shortlist_evaluation import catalogue
from shortlist_evaluation.calibration import calibration
from shortlist_evaluation.catalogue import ItemStats
from shortlist_evaluation.data_facts import data_facts
from shortlist_evaluation.metrics import ItemSets
from shortlist_evaluation.sections import estimate
from shortlist_report.record import Difference, Record, System
from shortlist_report.verdict import Comparison, verdict
from shortlist_training.assess import BOTH_STAGES, STAGE_ONE, WITHOUT, of_users
from shortlist_training.offline import Recommender, serving_offline
from shortlist_training.recipe import Trained
from shortlist_training.report_examples import Catalogue, examples, typical
from shortlist_training.report_records import NO_ABLATIONS, NO_BASELINES, Source, bundle_facts
from shortlist_training.report_training import choices, curves

LISTS = 300
"""Users whose lists say what lists are like."""

LISTED = 10

NO_SEGMENTS = "Segments need test users: train with `--until` a time, then `shortlist evaluate --since` the same."


def trained_record(trained: Trained, bundle: Bundle, source: Source) -> Record:
    """The record of a training whose bundle was published."""
    held_out = trained.scorer.held_out
    gain, stage_one = held_out.served - held_out.stage_one, estimate(held_out.stage_one)
    difference = Difference(STAGE_ONE, estimate(gain))
    found = difference.gain
    compared = []
    if stage_one.mean is not None and found.mean is not None and found.low is not None and found.high is not None:
        compared.append(Comparison("stage one", STAGE_ONE, stage_one.mean, found.mean, found.low, found.high))
    with serving_offline(bundle) as recommender:
        both, one = _lists_are(recommender, trained)
        users = typical(trained.table.user_ids, source.dataset.interactions)
        shown = examples(recommender, users, source.dataset.interactions, Catalogue.of(source.dataset, source.folder))
    ablated = tuple(
        Difference(f"{WITHOUT}{name}", estimate(held_out.served - each.held_out.served))
        for name, each in trained.ablations.items()
    )
    missing = {"baselines": NO_BASELINES, "segments": NO_SEGMENTS}
    return Record(
        title="Training of a bundle",
        facts=bundle_facts(bundle),
        verdict=verdict("both stages", compared, len(gain), trained.scorer.blend.share == 0),
        protocol=(
            f"The newest of the slices of time that the ranker learns from was held out: {len(gain):,} queries. How"
            " long it is trained and whose order is served were decided on it, so the numbers are a little flattering."
            " `shortlist evaluate` on what came after the training's data is the number to trust. Intervals are 95 %"
            " bootstrap intervals over queries; differences are paired."
        ),
        systems=(
            System(BOTH_STAGES, "both stages", estimate(held_out.served), both),
            System(STAGE_ONE, "stage one", stage_one, one),
        ),
        judged=BOTH_STAGES,
        differences=(difference,),
        ablations=ablated,
        calibration=calibration(
            held_out.probabilities, held_out.taken, "The candidates of the held-out queries, on which it was fitted."
        ),
        curves=curves(trained.record),
        choices=choices(trained.record),
        examples=shown,
        data=data_facts(source.dataset, source.folder),
        missing=missing if ablated else missing | {"ablations": NO_ABLATIONS},
    )


def _lists_are(recommender: Recommender, trained: Trained) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """The catalogue metrics of what both stages and stage one list for some of the users."""
    table = trained.table
    touched = ItemSets.of_pairs(table.histories.rows(), table.histories.items, len(table.user_ids)).items
    stats = ItemStats(np.bincount(touched, minlength=len(table.item_ids)), len(table.user_ids))
    some = np.unique(np.linspace(0, len(table.user_ids) - 1, min(LISTS, len(table.user_ids))).astype(np.int64))
    queries = of_users([table.user_ids[row] for row in some])
    both, one = (
        {
            "coverage@10": catalogue.coverage(lists, len(table.item_ids)),
            "novelty@10": estimate(catalogue.novelty(lists, stats)).mean,
            "popularity@10": estimate(catalogue.average_popularity(lists, stats)).mean,
            "head@10": estimate(catalogue.head_share(lists, stats)).mean,
        }
        for lists in (
            found.items[:, :LISTED] for found in (recommender.recommend(queries), recommender.retrieve(queries))
        )
    )
    return both, one
