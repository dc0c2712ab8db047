"""What one slice of time teaches: candidates as stage one had found them then, and which of them were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_core.types import Bools, Candidates, Float32s, Int32s
from shortlist_kernels.signals import signals
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.examples import Examples
from shortlist_ranking.features import ItemFacts
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever, best
from shortlist_training.arrivals import proposals
from shortlist_training.slices import Slice

WHOLE_LISTS = 2
"""Sources propose half of what is asked for. That is enough to choose from, but what is learned from longer lists ranks
better (docs/experiments.md, 2026-11-25), so slices ask for so many times the candidates.
"""

BLOCK = 128
"""Queries that retrieval answers at a time."""

LESSON_QUERIES, LESSON_WIDTH = 400, 500
"""Queries per slice, and candidates of each, that fusion learns from."""


def propose(retriever: Retriever, cut: Slice, count: int, also: Sequence[Int32s] | None = None) -> list[Candidates]:
    """All that any source proposes to the slice's queries, and rows `also` of each, in blocks, for `count` candidates
    each.
    """
    blocked = cut.queries.seen()
    return [
        retriever.propose(
            cut.queries.slice(start, start + BLOCK),
            WHOLE_LISTS * count,
            blocked=blocked[start : start + BLOCK],
            allowed=cut.known | cut.new,
            also=None if also is None else also[start : start + BLOCK],
        )
        for start in range(0, len(cut.queries), BLOCK)
    ]


def propose_new(retriever: Retriever, cut: Slice, count: int) -> tuple[list[Candidates], list[Int32s]]:
    """The same with the new items that a server would put among `count` candidates, and these by themselves."""
    fresh = proposals(retriever, cut, count, BLOCK)
    return propose(retriever, cut, count, fresh), fresh


Lesson = tuple[Float32s, Float32s, Bools]
"""Signals and gains of candidates, and which queries have no history."""


def lesson(unions: Sequence[Candidates], cut: Slice, seed: int) -> Lesson:
    """A sample of queries and of their candidates, all that were taken among them."""
    generator = np.random.default_rng(seed)
    share = LESSON_QUERIES / max(len(cut.queries), 1)
    width = min(LESSON_WIDTH, min(union.items.shape[1] for union in unions))
    inputs, labels, strangers = [], [], []
    for block, union in enumerate(unions):
        gains = cut.gains_of(union.items, block * BLOCK)
        rows = np.flatnonzero(generator.random(len(union)) < share)
        lottery = generator.random((len(rows), union.items.shape[1])) + (gains[rows] > 0) - ~union.valid[rows]
        at = rows[:, None], np.argpartition(-lottery, width - 1, axis=1)[:, :width]
        inputs.append(np.where(union.valid[at][..., None], signals(union)[at], 0))
        labels.append(gains[at])
        strangers.append(cut.queries.strangers[block * BLOCK + rows])
    pad = [(0, 0), (0, LESSON_WIDTH - width)]
    told = np.pad(np.concatenate(inputs), [*pad, (0, 0)])
    return told, np.pad(np.concatenate(labels), pad), np.concatenate(strangers)


def learn_fusion(lessons: Sequence[Lesson]) -> Fusion:
    """One fusion for all lessons so far."""
    return Fusion.fit(*(np.concatenate(column) for column in zip(*lessons, strict=True)))


def ranking_examples(
    unions: Sequence[Candidates],
    fusion: Fusion,
    cut: Slice,
    items: ItemFeatures,
    count: int,
    fresh: Sequence[Int32s] | None = None,
) -> Examples:
    """What stage one with this fusion would have returned, as examples for the ranker, with `fresh` items beside it.

    Of those who have a history: for others stage one's order stays (`Ranker.rank`). Strangers all look alike to a
    ranker, and what it learns from them costs the others more than it brings (docs/experiments.md, 2026-11-25).
    """
    facts = ItemFacts.fit(cut.past, items.prices, cut.as_of)
    ideal = cut.ideal()
    parts = []
    for block, union in enumerate(unions):
        start, stop = block * BLOCK, block * BLOCK + len(union)
        queries = cut.queries.slice(start, stop)
        own = [_NONE] * len(union) if fresh is None else fresh[start:stop]
        fused = np.where(cut.new[union.items], -np.inf, fusion.scores(union, queries.strangers)).astype(np.float32)
        chosen = best(replace(union, fused=fused), count + max(map(len, own), default=0), own)
        gains = cut.gains_of(chosen.items, start)
        made = Examples.build(queries, chosen, gains, ideal[start:stop], cut.users[start:stop], facts)
        parts.append(made.select(~queries.strangers))
    return Examples.join(parts)


_NONE: Int32s = np.zeros(0, np.int32)
