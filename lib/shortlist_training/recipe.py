"""The recipe: slices of time, sources on each past, the ranker on each future, then retrieval on everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from shortlist_core.types import Bools, Int32s, Queries
from shortlist_ranking.examples import Examples
from shortlist_ranking.features import ItemFacts, feature_names
from shortlist_ranking.scorer import ScorerConfig
from shortlist_ranking.train import Beginning, TrainedScorer, train_scorer
from shortlist_retrieval.exclusions import Barred
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever, Source
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.item_item import ItemItem, ease, history_profile
from shortlist_retrieval.sources.text import text_weights
from shortlist_retrieval.training.fit_sources import (
    FACTORS,
    HALF_LIFE_SHARES,
    PENALTIES,
    WINDOW_SHARES,
    RetrievalSettings,
    fit_sources,
    span_days,
)
from shortlist_retrieval.training.tower_training import BATCH as TOWER_BATCH
from shortlist_retrieval.training.tower_training import TowerTraining
from shortlist_training.arrivals import meet, without_ids
from shortlist_training.config import Recipe
from shortlist_training.lessons import BLOCK, Lesson, learn_fusion, lesson, propose, propose_new, ranking_examples
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
    n_examples: int  # that the ranker learned from: queries with their candidates


@dataclass(frozen=True)
class WarmStart:
    """What an earlier training hands on."""

    settings: RetrievalSettings
    scorer: Beginning
    slices: int = 2
    """Of time that the ranker goes on learning from, the newest; it has learned from older ones before."""


def train(
    table: TrainingTable,
    recipe: Recipe,
    seed: int,
    progress: Progress,
    *,
    ablations: bool = False,
    warm: WarmStart | None = None,
) -> Trained:
    """Run the whole recipe on what is known; `progress` hears the name of each step as it begins.

    With a warm start the settings stay, and the ranker goes on from where it was, on fewer slices.
    """
    items, histories = table.features, table.histories
    progress("cutting time into slices")
    count = min(recipe.slices, warm.slices) if warm else recipe.slices
    made = slices(histories, items.worded, count, recipe.queries_per_slice, seed)
    cuts = [cut.of_known() for cut in made]
    if warm:
        settings = warm.settings
    else:
        progress("choosing retrieval settings on the newest slice")
        settings = choose_settings(cuts[-1], len(items), span_days(histories.times, table.as_of), seed)
    text = text_weights(items.tokens)
    towers = TowerTraining(items, seed)
    parts: list[Examples] = []
    lessons: list[Lesson] = []
    for i, cut in enumerate(cuts, start=1):
        progress(f"slice {i} of {len(cuts)}: fitting retrieval on its past")
        tower = towers.fit(cut.past, settings.half_life_days, tower_steps(cut.past, recipe, first=i == 1))
        sources = fit_sources(cut.past, len(items), text, tower, settings, seed)
        progress(f"slice {i} of {len(cuts)}: retrieving candidates for {len(cut.queries)} users")
        unions = propose(Retriever(sources, Fusion.even(len(sources)), len(items)), cut, recipe.candidates)
        lessons.append(lesson(unions, cut, seed))
        fusion = learn_fusion(lessons)
        parts.append(ranking_examples(unions, fusion, cut, items, recipe.candidates))
    arrived = made[-1].new
    newcomers: Examples | None = None
    if arrived.any():
        progress(f"meeting the {np.count_nonzero(arrived)} items that were new in the newest slice")
        meeting = meet(sources, towers.source(items.without(arrived)), arrived)
        unions, fresh = propose_new(Retriever(meeting, fusion, len(items)), made[-1], recipe.candidates)
        examples = ranking_examples(unions, fusion, made[-1], items, recipe.candidates, fresh)
        newcomers = without_ids(examples, arrived)
    progress("training the ranker")
    n_features = parts[0].features.shape[2]
    config = ScorerConfig(len(items), items.encoder.size, items.n_categories, n_features, seed=seed)
    stage_one = np.pad(fusion.weights, (0, n_features - len(fusion.weights)))
    with_new = items.with_new(np.flatnonzero(arrived))

    def ranker(config: ScorerConfig, dropped: Bools | None = None, beginning: Beginning | None = None) -> TrainedScorer:
        epochs = recipe.ranker_epochs
        return train_scorer(parts, with_new, config, epochs, stage_one, dropped, newcomers, beginning)

    scorer = ranker(config, beginning=warm.scorer if warm else None)
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
    """What sources alone find of a slice decides, by the mean of NDCG@10 and Recall@100; one setting after another."""
    everything = history_profile(cut.past, n_items, np.inf).matrix()

    def quality(source: Source) -> float:
        scores: list[float] = []
        for start in range(0, len(cut.queries), BLOCK):
            queries = cut.queries.slice(start, start + BLOCK)
            top = source.scores(queries).top(100, Barred(queries.seen(), cut.known))
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
            reading = replace(source, half_life_days=settings.half_life_days)
            tried.append((quality(reading), replace(settings, read_fading=True)))
    _, settings = max(tried, key=lambda each: each[0])
    if not settings.has_recent:
        return settings
    penalties = [replace(settings, recent_penalty=penalty) for penalty in PENALTIES]
    return max(penalties, key=lambda each: quality(each.recent(cut.past, n_items)))


def _quality(items: Int32s, cut: Slice, start: int) -> float:
    gains = cut.gains_of(items, start)
    rows = slice(start, start + len(items))
    discounts = 1 / np.log2(np.arange(10) + 2)
    ndcg = (gains[:, :10] * discounts[: gains.shape[1]]).sum(axis=1) / cut.ideal()[rows]
    recall = (gains > 0).sum(axis=1) / np.diff(cut.taken_offsets)[rows]
    return float((ndcg + recall).mean() / 2)


def ablated(config: ScorerConfig, sources: tuple[str, ...]) -> dict[str, tuple[ScorerConfig, Bools]]:
    """For each family of signals the scorer without it: its configuration and the features that it does not see."""
    names = feature_names(sources)
    text = np.array([name.split(":")[0] == "text" for name in names])
    cf = np.array([name.split(":")[0] in COLLABORATIVE for name in names])
    return {
        "text": (replace(config, use_text=False), text),
        "LSTM": (replace(config, use_lstm=False), np.zeros(len(names), bool)),
        "CF": (config, cf),
    }


def tower_steps(histories: Queries, recipe: Recipe, first: bool) -> int:
    """Batches for the towers: two looks at every event for the first slice, a part of that for each one after it."""
    looks = 2 * len(histories.items) / TOWER_BATCH
    most = recipe.tower_steps if first else 0.3 * recipe.tower_steps
    return max(1, int(min(looks, most)))
