"""The recipe: slices of time, sources on each past, the ranker on each future, then retrieval on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from core.signals import signals
from core.types import Bools, Candidates, Float32s, Int32s, Queries
from layers.item_features import ItemFeatures
from ranking.examples import Examples
from ranking.features import ItemFacts, feature_names
from ranking.scorer import ScorerConfig
from ranking.train import Beginning, TrainedScorer, train_scorer
from retrieval.als import ALS
from retrieval.barred import Barred
from retrieval.fusion import Fusion
from retrieval.item_item import ItemItem, ease, history_profile
from retrieval.retriever import Retriever, Source, best
from retrieval.text import text_weights
from retrieval.train import (
    FACTORS,
    HALF_LIFE_SHARES,
    PENALTIES,
    WINDOW_SHARES,
    RetrievalSettings,
    fit_sources,
    span_days,
)
from retrieval.two_tower import BATCH as TOWER_BATCH
from retrieval.two_tower import TowerTraining
from training.arrivals import arrivals, neighbours_without, proposals, without_ids
from training.config import Recipe
from training.slices import Slice, slices
from training.table import TrainingTable

COLLABORATIVE = ("item_item", "item_item_recent", "cosine", "transitions", "similar_users", "als", "two_tower")

WHOLE_LISTS = 2
"""Sources propose half of what is asked for. That is enough to choose from, but what is learned from longer lists ranks
better (docs/experiments.md, 2026-11-25), so slices ask for so many times the candidates.
"""

BLOCK = 128
"""Queries that retrieval answers at a time."""

LESSON_QUERIES, LESSON_WIDTH = 400, 500
"""Queries per slice, and candidates of each, that fusion learns from."""

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
    cuts = slices(histories, items.worded, count, recipe.queries_per_slice, seed)
    if warm:
        settings = warm.settings
    else:
        progress("choosing retrieval settings on the newest slice")
        settings = choose_settings(cuts[-1], len(items), span_days(histories.times, table.as_of), seed)
    text = text_weights(items.tokens)
    arrived = arrivals(cuts)
    towers = TowerTraining(items, seed)
    parts: list[Examples] = []
    lessons: list[tuple[Float32s, Float32s]] = []
    for i, cut in enumerate(cuts, start=1):
        progress(f"slice {i} of {len(cuts)}: fitting retrieval on its past")
        tower = towers.fit(cut.past, settings.half_life_days, tower_steps(cut.past, recipe, first=i == 1))
        own_text = neighbours_without(text, cut.new)
        sources = fit_sources(cut.past, len(items), own_text, tower, settings, seed)
        progress(f"slice {i} of {len(cuts)}: retrieving candidates for {len(cut.queries)} users")
        retriever = Retriever(sources, Fusion.even(len(sources)), len(items))
        fresh = proposals(retriever, cut, recipe.candidates, BLOCK)
        unions = propose(retriever, cut, recipe.candidates, fresh)
        lessons.append(lesson(unions, cut, seed))
        fusion = learn_fusion(lessons)
        examples = ranking_examples(unions, fresh, fusion, cut, items, recipe.candidates)
        parts.append(without_ids(examples, cut, items, arrived))
    progress("training the ranker")
    n_features = parts[0].features.shape[2]
    config = ScorerConfig(len(items), items.encoder.size, items.n_categories, n_features, seed=seed)
    start = np.pad(fusion.weights, (0, n_features - len(fusion.weights)))
    with_new = items.with_new(arrived)
    scorer = train_scorer(parts, with_new, config, recipe.ranker_epochs, warm.scorer if warm else start)
    rankers: dict[str, TrainedScorer] = {}
    if ablations:
        for name, (changed, dropped) in ablated(config, tuple(s.name for s in sources)).items():
            progress(f"training the ranker without {name}")
            rankers[name] = train_scorer(parts, with_new, changed, recipe.ranker_epochs, start, dropped)
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
            top, _ = source.scores(queries).top(100, Barred(queries.seen(), cut.known))
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


def propose(retriever: Retriever, cut: Slice, count: int, fresh: Sequence[Int32s]) -> list[Candidates]:
    """All that any source proposes to the slice's queries, and the `fresh` items of each, in blocks, for `count`
    candidates each.
    """
    blocked = cut.queries.seen()
    return [
        retriever.propose(
            cut.queries.slice(start, start + BLOCK),
            WHOLE_LISTS * count,
            blocked=blocked[start : start + BLOCK],
            allowed=cut.known | cut.new,
            also=fresh[start : start + BLOCK],
        )
        for start in range(0, len(cut.queries), BLOCK)
    ]


def lesson(unions: Sequence[Candidates], cut: Slice, seed: int) -> tuple[Float32s, Float32s]:
    """A sample of queries and of their known candidates, all that were taken among them: signals and gains."""
    generator = np.random.default_rng(seed)
    share = LESSON_QUERIES / max(len(cut.queries), 1)
    width = min(LESSON_WIDTH, min(union.items.shape[1] for union in unions))
    inputs, labels = [], []
    for block, union in enumerate(unions):
        valid = union.valid & ~cut.new[union.items]  # what no source knows is not for the fusion to weigh
        gains = np.where(valid, cut.gains_of(union.items, block * BLOCK), 0)
        rows = np.flatnonzero(generator.random(len(union)) < share)
        lottery = generator.random((len(rows), union.items.shape[1])) + (gains[rows] > 0) - ~valid[rows]
        at = rows[:, None], np.argpartition(-lottery, width - 1, axis=1)[:, :width]
        inputs.append(np.where(valid[at][..., None], signals(union)[at], 0))
        labels.append(gains[at])
    pad = [(0, 0), (0, LESSON_WIDTH - width)]
    return np.pad(np.concatenate(inputs), [*pad, (0, 0)]), np.pad(np.concatenate(labels), pad)


def learn_fusion(lessons: Sequence[tuple[Float32s, Float32s]]) -> Fusion:
    """One fusion for all lessons so far."""
    return Fusion.fit(np.concatenate([x for x, _ in lessons]), np.concatenate([y for _, y in lessons]))


def ranking_examples(
    unions: Sequence[Candidates],
    fresh: Sequence[Int32s],
    fusion: Fusion,
    cut: Slice,
    items: ItemFeatures,
    count: int,
) -> Examples:
    """What stage one with this fusion would have returned, as examples for the ranker."""
    facts = ItemFacts.fit(cut.past, items.prices, cut.as_of)
    ideal = cut.ideal()
    parts = []
    for block, union in enumerate(unions):
        start, stop = block * BLOCK, block * BLOCK + len(union)
        fused = np.where(cut.new[union.items], -np.inf, fusion.scores(union)).astype(np.float32)
        own = fresh[start:stop]  # beside the others: their places would be those of candidates to learn from
        chosen = best(replace(union, fused=fused), count + max(map(len, own)), own)
        gains = cut.gains_of(chosen.items, start)
        queries = cut.queries.slice(start, stop)
        parts.append(Examples.build(queries, chosen, gains, ideal[start:stop], cut.users[start:stop], facts))
    return Examples.join(parts)
