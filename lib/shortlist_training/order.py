"""Order: whether what follows what says more of what users take than what goes together does."""

from __future__ import annotations

from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_training.qualities import qualities
from shortlist_training.slice import Slice


def gain_of_order(cut: Slice, past: FitInputs) -> float:
    """By how much transitions alone find more than EASE alone, by the mean of NDCG@10 and Recall@100 in the slice.

    `past` is what was known before it. Both are fitted within seconds, so that this is known before a sequence model
    has been trained, which needs many passes to show what it is worth (docs/experiments.md, 2026-11-30).
    """
    [following], [together] = Transitions.fit(past), ItemItem.fit(past)
    return float((qualities(following, cut) - qualities(together, cut)).mean())
