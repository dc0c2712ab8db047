"""Training samples of one slice of time: the candidates that stage one had then, and which of them were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_core.ndcg import dcg_at, ndcgs_at_10
from shortlist_core.types import Bools, Candidates, Float32s, Float64s, Int32s, Int64s
from shortlist_kernels.signals import signals
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.examples import Examples
from shortlist_ranking.item_facts import ItemFacts
from shortlist_retrieval.best import best
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_training.cold_start import new_item_candidates
from shortlist_training.slice import Slice

WHOLE_LISTS = 2
"""Slices ask sources for this many times the candidates. Sources propose half of what is asked for, which is enough to
serve, but what is learned from longer lists ranks better (docs/experiments.md, 2026-11-25).
"""

BLOCK = 128
"""Queries that retrieval answers at a time."""

FUSION_QUERIES, FUSION_WIDTH = 400, 500
"""Queries per slice, and candidates of each, that fusion learns from."""

FusionSample = tuple[Float32s, Float32s, Bools, Int64s]
"""Signals [queries, n, 2 * sources] and gains [queries, n] of candidates, which queries have no history, and for how
many microseconds the users had been away, of those who were asked at the cut; 0 of others.
"""

ABSENT = 0.9
"""Users count as away where so large a share of those who came back in the slices had been away for less time."""

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


def fusion_sample(proposed: Sequence[Candidates], cut: Slice, seed: int, queries: int = FUSION_QUERIES) -> FusionSample:
    """A random sample of about so many of the slice's queries and of their candidates, with all that were taken.

    Users without history are few: all of them are in it, with the candidates that are on top of any list, taken or not.
    """
    generator = np.random.default_rng(seed)
    share = queries / max(len(cut.queries), 1)
    away = np.where(cut.queries.now == cut.as_of, cut.queries.away, 0)
    width = min(FUSION_WIDTH, min(candidates.items.shape[1] for candidates in proposed))
    inputs, labels, asked = [], [], []
    for block, candidates in enumerate(proposed):
        gains = cut.gains_of(candidates.items, block * BLOCK)
        cold = cut.queries.without_history[block * BLOCK : block * BLOCK + len(candidates)]
        rows = np.flatnonzero((generator.random(len(candidates)) < share) | cold)
        lottery = generator.random((len(rows), candidates.items.shape[1]))
        lottery = lottery + (gains[rows] > 0) - ~candidates.valid[rows]  # taken before not taken before padding
        ranks = candidates.ranks[rows[cold[rows]]]
        best = np.where(ranks > 0, ranks, np.iinfo(np.int32).max).min(axis=2)
        lottery[cold[rows]] = 1 / best  # taken ones must not stand out by being far from any top
        at = rows[:, None], np.argpartition(-lottery, width - 1, axis=1)[:, :width]
        inputs.append(np.where(candidates.valid[at][..., None], signals(candidates)[at], 0))
        labels.append(gains[at])
        asked.append(block * BLOCK + rows)
    pad = [(0, 0), (0, FUSION_WIDTH - width)]
    padded = np.pad(np.concatenate(inputs), [*pad, (0, 0)])
    which = np.concatenate(asked)
    return padded, np.pad(np.concatenate(labels), pad), cut.queries.without_history[which], away[which]


def fit_fusion(samples: Sequence[FusionSample], last: FusionSample | None = None) -> Fusion:
    """One fusion, learned from the samples of all slices so far.

    With the sample of `last_moments`, users who have been away get weights of their own. They are learned from those of
    all samples who had been away for as long: hardly anybody comes back after that time, and what is known of the
    others is what they took before they left.
    """
    inputs, gains, without_history, away = (np.concatenate(column) for column in zip(*samples, strict=True))
    fusion = Fusion.fit(inputs, gains, without_history)
    if last is None or not away.any():
        return fusion
    after = float(np.quantile(away[away > 0], ABSENT))
    long, last_long = away > after, last[3] > after
    both = np.concatenate([inputs[long], last[0][last_long]]), np.concatenate([gains[long], last[1][last_long]])
    return fusion.with_absent(*both, after)


def sample_ndcgs(weights: Float32s, inputs: Float32s, gains: Float32s) -> Float64s:
    """NDCG@10 of each query's candidates by these weights of the signals, as far as they were retrieved at all."""
    scores = np.where(inputs.any(axis=2), inputs @ weights, -np.inf)
    return ndcgs_at_10(scores, gains, dcg_at(-np.sort(-gains, axis=1), 10))


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
        fused = fusion.scores(candidates, queries)
        fused = np.where(cut.new[candidates.items], -np.inf, fused).astype(np.float32)
        chosen = best(replace(candidates, fused=fused), count + max(map(len, added), default=0), added)
        gains, done = cut.gains_of(chosen.items, start), cut.actions_of(chosen.items, start)
        examples = Examples.build(queries, chosen, gains, done, ideal[start:stop], cut.users[start:stop], facts)
        parts.append(examples.select(~queries.without_history))
    return Examples.join(parts)
