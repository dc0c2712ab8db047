"""The recipe: cut time into slices, fit sources on each past, train the ranker on what followed, refit on all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.types import Bools, EventType
from shortlist_ranking.examples import Examples
from shortlist_ranking.features.matrix import feature_names
from shortlist_ranking.item_facts import ItemFacts
from shortlist_ranking.scorer import ScorerConfig
from shortlist_ranking.train import ScorerWarmStart, TrainedScorer, train_scorer
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.source import SignalFamily, Source
from shortlist_retrieval.training import fit_sources
from shortlist_retrieval.training.fit_sources import SourceTraining, span_days
from shortlist_training.cold_start import at_new_rows
from shortlist_training.config import Recipe
from shortlist_training.qualities import qualities
from shortlist_training.ratings import dislikes_below
from shortlist_training.samples import (
    FusionSample,
    fit_fusion,
    fusion_sample,
    propose,
    propose_with_new_items,
    ranking_examples,
)
from shortlist_training.slices import Slice, slices
from shortlist_training.table import TrainingTable

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """Everything that a bundle is made of."""

    table: TrainingTable
    retriever: Retriever
    facts: ItemFacts
    scorer: TrainedScorer
    ablations: dict[str, TrainedScorer]  # rankers without one family of signals each
    settings: RetrievalSettings
    dislike_below: float  # the value below which a rating is a dislike; -inf: all are wishes
    n_examples: int  # queries with their candidates that the ranker learned from


@dataclass(frozen=True)
class WarmStart:
    """What an earlier training hands on: retrieval settings and the ranker's scorer."""

    settings: RetrievalSettings
    scorer: ScorerWarmStart
    dislike_below: float
    slices: int = 2
    """Newest slices of time that the ranker goes on learning from; it has learned from older ones before."""


def train(
    table: TrainingTable,
    recipe: Recipe,
    seed: int,
    progress: Progress,
    *,
    ablations: bool = False,
    warm: WarmStart | None = None,
) -> Trained:
    """Run the whole recipe on a table; `progress` is called with the name of each step as it begins.

    With a warm start, the retrieval settings and the line below which ratings are dislikes are kept, and the ranker is
    trained further, on fewer slices.
    """
    items = table.features
    if recipe.dislike_below is not None:
        below = recipe.dislike_below
    elif warm:
        below = warm.dislike_below
    else:
        if (table.histories.types == EventType.RATING).any():
            progress("finding out whether low ratings are dislikes")
        below = dislikes_below(table.histories, items, recipe.queries_per_slice, seed)
    progress("cutting time into slices")
    count = min(recipe.slices, warm.slices) if warm else recipe.slices
    histories = table.histories.with_dislikes(below)
    with_new = slices(histories, items.has_text, count, recipe.queries_per_slice, seed)
    cuts = [cut.without_new_items() for cut in with_new]
    if warm:
        settings = warm.settings
    else:
        progress("choosing retrieval settings on the newest slice")
        past = FitInputs(cuts[-1].past, items, RetrievalSettings(()), seed, 0, recipe.sequence_batches)
        settings = choose_settings(cuts[-1], past, span_days(histories.times, table.as_of))
    training = SourceTraining()
    parts: list[Examples] = []
    samples: list[FusionSample] = []
    for i, cut in enumerate(cuts, start=1):
        progress(f"slice {i} of {len(cuts)}: fitting retrieval on its past")
        sources = training.fit(FitInputs(cut.past, items, settings, seed, recipe.tower_steps, recipe.sequence_batches))
        progress(f"slice {i} of {len(cuts)}: retrieving candidates for {len(cut.queries)} users")
        proposed = propose(Retriever(sources, Fusion.even(len(sources)), len(items)), cut, recipe.candidates)
        samples.append(fusion_sample(proposed, cut, seed))
        fusion = fit_fusion(samples)
        parts.append(ranking_examples(proposed, fusion, cut, items, recipe.candidates))
    newest, new = with_new[-1], with_new[-1].new
    new_item_examples: Examples | None = None
    if new.any():
        progress(f"simulating the cold start of the {np.count_nonzero(new)} items that were new in the newest slice")
        retriever = Retriever(training.unaware_of(new), fusion, len(items))
        proposed, new_items = propose_with_new_items(retriever, newest, recipe.candidates)
        examples = ranking_examples(proposed, fusion, newest, items, recipe.candidates, new_items)
        new_item_examples = at_new_rows(examples, new)
    progress("training the ranker")
    n_features = parts[0].features.shape[2]
    config = ScorerConfig(len(items), items.encoder.size, items.n_categories, n_features, seed=seed)
    stage_one = np.pad(fusion.weights, (0, n_features - len(fusion.weights)))
    extended = items.with_new_copies(np.flatnonzero(new))

    def ranker(
        config: ScorerConfig, dropped: Bools | None = None, warm_start: ScorerWarmStart | None = None
    ) -> TrainedScorer:
        epochs = recipe.ranker_epochs
        return train_scorer(parts, extended, config, epochs, stage_one, dropped, new_item_examples, warm_start)

    scorer = ranker(config, warm_start=warm.scorer if warm else None)
    rankers: dict[str, TrainedScorer] = {}
    if ablations:
        for name, (changed, dropped) in ablated(config, sources).items():
            progress(f"training the ranker without {name}")
            rankers[name] = ranker(changed, dropped)
    progress("fitting retrieval on everything")
    sources = training.fit(FitInputs(histories, items, settings, seed, recipe.tower_steps, recipe.sequence_batches))
    facts = ItemFacts.fit(histories, items.prices, table.as_of)
    return Trained(
        table, Retriever(sources, fusion, len(items)), facts, scorer, rankers, settings, below, sum(map(len, parts))
    )


def choose_settings(cut: Slice, past: FitInputs, span: float) -> RetrievalSettings:
    """The settings with which sources alone rank a slice best, by the mean of NDCG@10 and Recall@100, one by one.

    `past` is the slice's, and `span` how many days the whole data reaches back.
    """

    return fit_sources.choose_settings(Trial(past, span, lambda source: float(qualities(source, cut).mean())))


def ablated(config: ScorerConfig, sources: Sequence[Source]) -> dict[str, tuple[ScorerConfig, Bools]]:
    """Ablations: for each family of signals, a configuration without it and the features that are dropped."""
    families = {source.name: source.family for source in sources}
    of_columns = [families.get(name.split(":")[0]) for name in feature_names(tuple(families))]

    def columns(family: SignalFamily) -> Bools:
        return np.array([each == family for each in of_columns], np.bool_)

    return {
        "text": (replace(config, use_text=False), columns(SignalFamily.TEXT)),
        "LSTM": (replace(config, use_lstm=False), np.zeros(len(of_columns), np.bool_)),
        "CF": (config, columns(SignalFamily.COLLABORATIVE)),
    }
