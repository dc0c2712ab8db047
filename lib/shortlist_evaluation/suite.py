"""The suite of baselines: all of them by name, with the settings of `docs/explanation/quality.md`, their lists."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl

from shortlist_core.types import Float32s, Int32s
from shortlist_evaluation.baselines import Baseline, Blend, ItemWeights, Popularity, bpr, ease, ials, item_neighbours
from shortlist_evaluation.content import ContentBased, text_vectors
from shortlist_evaluation.protocol import Heldout, Interactions
from shortlist_evaluation.top_k import top_k
from shortlist_evaluation.transitions import Visits, recent_items, transition_weights

LIST_LENGTH = 500
EASE_ITEMS = 20_000  # 4.8 GB and, on one core, minutes; both grow steeply from there
BPR_ENTRIES = 5_000_000  # a hundred epochs over so many take half an hour on one core
TRANSITION_VOTES = 500_000_000  # pairs of items, up to 8 bytes each before they are added up
SCORES_AT_A_TIME = 1 << 24  # users x items: bounds the memory of one chunk of users at about half a gigabyte

Fit = Callable[[], Baseline]


def baselines(train: Interactions, items: pl.DataFrame, notice: Callable[[str], None] = print) -> dict[str, Fit]:
    """A function that fits it for every baseline that is feasible at this size, by name. Shared parts are fitted once.

    `items` has item_id, title, text and categories. `notice` is called with one line for each method that is left out,
    which says why.
    """
    matrix = train.matrix()
    n_items = len(train.item_ids)

    @cache
    def recent_popularity() -> Baseline:
        return Popularity.fit(train, days=14)

    @cache
    def neighbours() -> Baseline:
        return ItemWeights(matrix, item_neighbours(matrix))

    @cache
    def ease_model() -> Baseline:
        return ItemWeights(matrix, ease(matrix))

    def hybrid(alpha: float) -> Baseline:
        content = ContentBased(matrix, text_vectors(items, train.item_ids))
        return Blend(((alpha, neighbours()), (1 - alpha, content)))

    visits = Visits.of(train)

    def follow() -> Baseline:
        return ItemWeights(recent_items(visits, len(train.user_ids)), transition_weights(visits))

    fits: dict[str, Fit] = {
        "popularity, all time": lambda: Popularity.fit(train),
        "popularity, last 14 days": recent_popularity,
        "BPR": lambda: bpr(matrix),
        "iALS, 64 factors": lambda: ials(matrix),
        "item-kNN, tf-idf": neighbours,
        "EASE": ease_model,
        "EASE + 0.4 x popularity of 14 days": lambda: Blend(((1.0, ease_model()), (0.4, recent_popularity()))),
        "transitions": follow,
        "hybrid, 0.7 item-kNN + 0.3 content": lambda: hybrid(0.7),
    }
    if n_items > EASE_ITEMS:
        notice(
            f"EASE left out: it inverts a dense matrix of {n_items:,} x {n_items:,}; the limit is {EASE_ITEMS:,} items"
        )
        fits = {name: fit for name, fit in fits.items() if not name.startswith("EASE")}
    if matrix.nnz > BPR_ENTRIES:
        notice(f"BPR left out: {matrix.nnz:,} user-item pairs take too many steps; the limit is {BPR_ENTRIES:,}")
        del fits["BPR"]
    if visits.votes > TRANSITION_VOTES:
        notice(f"transitions left out: {visits.votes:,} pairs of items; the limit is {TRANSITION_VOTES:,}")
        del fits["transitions"]
    return fits


def rank(baseline: Baseline, heldout: Heldout, k: int = LIST_LENGTH) -> Int32s:
    """The baseline's lists for the test users, without the items that they had before, int32 [test users, k]."""
    step = max(1, SCORES_AT_A_TIME // len(heldout.train.item_ids))
    starts = range(0, len(heldout), step)

    def chunk(start: int) -> Int32s:
        stop = min(start + step, len(heldout))
        scores: Float32s = baseline.scores(heldout.users[start:stop])
        return top_k(scores, k, exclude=heldout.seen.slice(start, stop))

    return np.concatenate([chunk(start) for start in starts])
