"""Training samples of one slice of time: the candidates that stage one had then, and which of them were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_core.types import Bools, Candidates, Float32s, Int32s
from shortlist_kernels.signals import signals
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.examples import Examples
from shortlist_ranking.item_facts import ItemFacts
from shortlist_retrieval.best import best
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_training.cold_start import new_item_candidates
from shortlist_training.slices import Slice

WHOLE_LISTS = 2
"""Slices ask sources for this many times the candidates. Sources propose half of what is asked for, which is enough to
serve, but what is learned from longer lists ranks better (docs/experiments.md, 2026-11-25).
"""

BLOCK = 128
"""Queries that retrieval answers at a time."""

FUSION_QUERIES, FUSION_WIDTH = 400, 500
"""Queries per slice, and candidates of each, that fusion learns from."""

FusionSample = tuple[Float32s, Float32s, Bools]
"""Signals [queries, n, 2 * sources] and gains [queries, n] of candidates, and which queries have no history."""

_NO_ROWS: Int32s = np.zeros(0, np.int32)


def propose(retriever: Retriever, cut: Slice, count: int, also: Sequence[Int32s] | None = None) -> list[Candidates]:
    """Everything that any source proposes to the slice's queries for `count` candidates each, in blocks of BLOCK.

    `also[i]` are rows that are added to the candidates of query i.
    """
    blocked = cut.queries.seen()
    return [
        retriever.propose(
            cut.queries.slice(start, start + BLOCK),
            WHOLE_LISTS * count,
            blocked=blocked[start : start + BLOCK],
            allowed=cut.in_catalogue | cut.new,
            also=None if also is None else also[start : start + BLOCK],
        )
        for start in range(0, len(cut.queries), BLOCK)
    ]


def propose_with_new_items(retriever: Retriever, cut: Slice, count: int) -> tuple[list[Candidates], list[Int32s]]:
    """As `propose`, with the new items that a server would add to `count` candidates; and these rows of each query."""
    new_items = new_item_candidates(retriever, cut, count, BLOCK)
    return propose(retriever, cut, count, new_items), new_items


def fusion_sample(proposed: Sequence[Candidates], cut: Slice, seed: int) -> FusionSample:
    """A random sample of the slice's queries and of their candidates; it holds all candidates that were taken."""
    generator = np.random.default_rng(seed)
    share = FUSION_QUERIES / max(len(cut.queries), 1)
    width = min(FUSION_WIDTH, min(candidates.items.shape[1] for candidates in proposed))
    inputs, labels, without_history = [], [], []
    for block, candidates in enumerate(proposed):
        gains = cut.gains_of(candidates.items, block * BLOCK)
        rows = np.flatnonzero(generator.random(len(candidates)) < share)
        lottery = generator.random((len(rows), candidates.items.shape[1]))
        lottery = lottery + (gains[rows] > 0) - ~candidates.valid[rows]  # taken before not taken before padding
        at = rows[:, None], np.argpartition(-lottery, width - 1, axis=1)[:, :width]
        inputs.append(np.where(candidates.valid[at][..., None], signals(candidates)[at], 0))
        labels.append(gains[at])
        without_history.append(cut.queries.without_history[block * BLOCK + rows])
    pad = [(0, 0), (0, FUSION_WIDTH - width)]
    padded = np.pad(np.concatenate(inputs), [*pad, (0, 0)])
    return padded, np.pad(np.concatenate(labels), pad), np.concatenate(without_history)


def fit_fusion(samples: Sequence[FusionSample]) -> Fusion:
    """One fusion, learned from the samples of all slices so far."""
    return Fusion.fit(*(np.concatenate(column) for column in zip(*samples, strict=True)))


def ranking_examples(
    proposed: Sequence[Candidates],
    fusion: Fusion,
    cut: Slice,
    items: ItemFeatures,
    count: int,
    new_items: Sequence[Int32s] | None = None,
) -> Examples:
    """The ranker's examples: the `count` candidates that stage one with this fusion would have returned for each query.

    `new_items[i]` are rows that are added to those of query i. Queries without history are left out, because stage
    one's order stays for them (`Ranker.rank`). They all look alike to a ranker, and learning from them costs the others
    more than it brings (docs/experiments.md, 2026-11-25).
    """
    facts = ItemFacts.fit(cut.past, items.prices, cut.as_of)
    ideal = cut.ideal()
    parts = []
    for block, candidates in enumerate(proposed):
        start, stop = block * BLOCK, block * BLOCK + len(candidates)
        queries = cut.queries.slice(start, stop)
        added = [_NO_ROWS] * len(candidates) if new_items is None else new_items[start:stop]
        fused = fusion.scores(candidates, queries.without_history)
        fused = np.where(cut.new[candidates.items], -np.inf, fused).astype(np.float32)
        chosen = best(replace(candidates, fused=fused), count + max(map(len, added), default=0), added)
        gains = cut.gains_of(chosen.items, start)
        examples = Examples.build(queries, chosen, gains, ideal[start:stop], cut.users[start:stop], facts)
        parts.append(examples.select(~queries.without_history))
    return Examples.join(parts)
