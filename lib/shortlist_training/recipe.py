"""The recipe: cut time into slices, fit sources on each past, train the ranker on what followed, refit on all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from shortlist_core.ndcg import dcg_at
from shortlist_core.types import Bools, Int32s, Queries
from shortlist_ranking.examples import Examples
from shortlist_ranking.features import ItemFacts, feature_names
from shortlist_ranking.scorer import ScorerConfig
from shortlist_ranking.train import ScorerWarmStart, TrainedScorer, train_scorer
from shortlist_retrieval.exclusions import Barred
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever, Source
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.item_item import ItemItem, ease, history_profile
from shortlist_retrieval.sources.text import text_weights
from shortlist_retrieval.sources.two_tower import BATCH as TOWER_BATCH
from shortlist_retrieval.sources.two_tower import TowerTraining
from shortlist_retrieval.training.fit_sources import (
    FACTORS,
    HALF_LIFE_SHARES,
    PENALTIES,
    WINDOW_SHARES,
    RetrievalSettings,
    fit_sources,
    span_days,
)
from shortlist_training.cold_start import at_new_rows, simulate_cold_start
from shortlist_training.config import Recipe
from shortlist_training.samples import (
    BLOCK,
    FusionSample,
    fit_fusion,
    fusion_sample,
    propose,
    propose_with_new_items,
    ranking_examples,
)
from shortlist_training.slices import Slice, slices
from shortlist_training.table import TrainingTable

COLLABORATIVE = ("item_item", "item_item_recent", "cosine", "transitions", "similar_users", "als", "two_tower")

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
    n_examples: int  # queries with their candidates that the ranker learned from


@dataclass(frozen=True)
class WarmStart:
    """What an earlier training hands on: retrieval settings and the ranker's scorer."""

    settings: RetrievalSettings
    scorer: ScorerWarmStart
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

    With a warm start, the retrieval settings are kept and the ranker is trained further, on fewer slices.
    """
    items, histories = table.features, table.histories
    progress("cutting time into slices")
    count = min(recipe.slices, warm.slices) if warm else recipe.slices
    with_new = slices(histories, items.has_text, count, recipe.queries_per_slice, seed)
    cuts = [cut.without_new_items() for cut in with_new]
    if warm:
        settings = warm.settings
    else:
        progress("choosing retrieval settings on the newest slice")
        settings = choose_settings(cuts[-1], len(items), span_days(histories.times, table.as_of), seed)
    text = text_weights(items.tokens)
    towers = TowerTraining(items, seed)
    parts: list[Examples] = []
    samples: list[FusionSample] = []
    for i, cut in enumerate(cuts, start=1):
        progress(f"slice {i} of {len(cuts)}: fitting retrieval on its past")
        tower = towers.fit(cut.past, settings.half_life_days, tower_steps(cut.past, recipe, first=i == 1))
        sources = fit_sources(cut.past, len(items), text, tower, settings, seed)
        progress(f"slice {i} of {len(cuts)}: retrieving candidates for {len(cut.queries)} users")
        proposed = propose(Retriever(sources, Fusion.even(len(sources)), len(items)), cut, recipe.candidates)
        samples.append(fusion_sample(proposed, cut, seed))
        fusion = fit_fusion(samples)
        parts.append(ranking_examples(proposed, fusion, cut, items, recipe.candidates))
    newest, new = with_new[-1], with_new[-1].new
    new_item_examples: Examples | None = None
    if new.any():
        progress(f"simulating the cold start of the {np.count_nonzero(new)} items that were new in the newest slice")
        cold = simulate_cold_start(sources, towers.source(items.without_ids_of(new)), new)
        retriever = Retriever(cold, fusion, len(items))
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
        for name, (changed, dropped) in ablated(config, tuple(s.name for s in sources)).items():
            progress(f"training the ranker without {name}")
            rankers[name] = ranker(changed, dropped)
    progress("fitting retrieval on everything")
    tower = towers.fit(histories, settings.half_life_days, tower_steps(histories, recipe, first=False))
    sources = fit_sources(histories, len(items), text, tower, settings, seed)
    facts = ItemFacts.fit(histories, items.prices, table.as_of)
    return Trained(
        table, Retriever(sources, fusion, len(items)), facts, scorer, rankers, settings, sum(map(len, parts))
    )


def choose_settings(cut: Slice, n_items: int, span: float, seed: int) -> RetrievalSettings:
    """The settings with which sources alone rank a slice best, by the mean of NDCG@10 and Recall@100, one by one."""
    everything = history_profile(cut.past, n_items, np.inf).matrix()

    def quality(source: Source) -> float:
        scores: list[float] = []
        for start in range(0, len(cut.queries), BLOCK):
            queries = cut.queries.slice(start, start + BLOCK)
            top = source.scores(queries).top(100, Barred(queries.seen(), cut.in_catalogue))
            scores.append(_quality(top, cut, start))
        return float(np.average(scores, weights=[min(BLOCK, len(cut.queries) - i * BLOCK) for i in range(len(scores))]))

    penalty = max(PENALTIES, key=lambda p: quality(ItemItem("", ease(everything, p), np.inf)))
    factors = max(FACTORS, key=lambda f: quality(ALS.fit(everything, f, seed)))
    windows = tuple(span * share for share in WINDOW_SHARES)
    start = RetrievalSettings(windows, penalty, recent_penalty=penalty, factors=factors)
    tried: list[tuple[float, RetrievalSettings]] = []
    for share, repeated in product(HALF_LIFE_SHARES, (False, True)):
        settings = replace(start, half_life_days=span * share, repeated=repeated)
        source = settings.recent(cut.past, n_items)
        tried.append((quality(source), settings))
        if np.isfinite(share):
            fading = replace(source, half_life_days=settings.half_life_days)
            tried.append((quality(fading), replace(settings, read_fading=True)))
    _, settings = max(tried, key=lambda trial: trial[0])
    if not settings.has_recent:
        return settings
    penalties = [replace(settings, recent_penalty=penalty) for penalty in PENALTIES]
    return max(penalties, key=lambda candidate: quality(candidate.recent(cut.past, n_items)))


def _quality(items: Int32s, cut: Slice, start: int) -> float:
    gains = cut.gains_of(items, start)
    rows = slice(start, start + len(items))
    ndcg = dcg_at(gains, 10) / cut.ideal()[rows]
    recall = (gains > 0).sum(axis=1) / np.diff(cut.taken_offsets)[rows]
    return float((ndcg + recall).mean() / 2)


def ablated(config: ScorerConfig, sources: tuple[str, ...]) -> dict[str, tuple[ScorerConfig, Bools]]:
    """Ablations: for each family of signals, a configuration without it and the features that are dropped."""
    names = feature_names(sources)
    text = np.array([name.split(":")[0] == "text" for name in names])
    cf = np.array([name.split(":")[0] in COLLABORATIVE for name in names])
    return {
        "text": (replace(config, use_text=False), text),
        "LSTM": (replace(config, use_lstm=False), np.zeros(len(names), bool)),
        "CF": (config, cf),
    }


def tower_steps(histories: Queries, recipe: Recipe, first: bool) -> int:
    """Batches that the towers are trained on: two passes over the events at most, fewer steps after the first slice."""
    two_passes = 2 * len(histories.items) / TOWER_BATCH
    most = recipe.tower_steps if first else 0.3 * recipe.tower_steps
    return max(1, int(min(two_passes, most)))
