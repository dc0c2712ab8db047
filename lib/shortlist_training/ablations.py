"""Ablations: how a ranker is trained without one of its inputs, to find out what that is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.types import Bools
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.features.matrix import feature_names
from shortlist_ranking.scorer import ScorerConfig
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.hours import Hours
from shortlist_retrieval.sources.in_context import InContext
from shortlist_retrieval.sources.likeness import Likeness
from shortlist_retrieval.sources.newcomers import Newcomers
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.source import SignalFamily, Source
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_training.ablation_names import Input


@dataclass(frozen=True)
class Ablation:
    """What a ranker is trained on without one input."""

    without: Input
    config: ScorerConfig
    items: ItemFeatures
    dropped: Bools  # [features]


@dataclass(frozen=True)
class _Kind:
    """How an input is left out, and whether there is any of it. If not, a ranker without it would be the ranker."""

    signals: Callable[[Source], bool] = lambda source: False  # of which sources signals are left out
    features: tuple[str, ...] = ()  # and which other features
    config: Callable[[ScorerConfig], ScorerConfig] = lambda config: config
    items: Callable[[ItemFeatures], ItemFeatures] = lambda items: items
    has: Callable[[ItemFeatures], bool] | None = None  # whether items have any of it; None: the signals say so


def _of(*kinds: type[Source]) -> Callable[[Source], bool]:
    return lambda source: isinstance(source, kinds)


def _without_attributes(items: ItemFeatures) -> ItemFeatures:
    """The features without the words of attributes; what is left of an item's tokens moves to the front."""
    tokens = np.where(items.tokens >= items.words.text.size, 0, items.tokens)
    order = np.argsort(tokens == 0, axis=1, kind="stable")
    return replace(items, tokens=np.take_along_axis(tokens, order, axis=1))


def _without_vectors(items: ItemFeatures) -> ItemFeatures:
    return replace(items, vectors=replace(items.vectors, values=np.zeros_like(items.vectors.values)))


_KINDS: dict[Input, _Kind] = {
    Input.TEXT: _Kind(
        lambda source: source.family == SignalFamily.TEXT,
        config=lambda config: replace(config, use_text=False),
        has=lambda items: bool((items.tokens > 0).any()),
    ),
    Input.HISTORY: _Kind(config=lambda config: replace(config, use_lstm=False), has=lambda items: True),
    Input.COLLABORATIVE: _Kind(lambda source: source.family == SignalFamily.COLLABORATIVE),
    Input.ORDER: _Kind(_of(SequenceSource, Transitions)),
    Input.ATTRIBUTES: _Kind(
        items=_without_attributes, has=lambda items: bool((items.tokens >= items.words.text.size).any())
    ),
    Input.CATEGORIES: _Kind(
        items=lambda items: replace(items, categories=np.zeros_like(items.categories)),
        has=lambda items: bool((items.categories > 0).any()),
    ),
    Input.VECTORS: _Kind(_of(Likeness), items=_without_vectors, has=lambda items: bool(items.vectors.values.any())),
    Input.PICTURES: _Kind(
        config=lambda config: replace(config, pictures=False), has=lambda items: bool(items.pictures.has.any())
    ),
    Input.PRICE: _Kind(
        features=("price", "price_known", "price_distance"),
        items=lambda items: replace(items, prices=np.zeros_like(items.prices)),
        has=lambda items: bool(items.prices[:, 1].any()),
    ),
    Input.AGE: _Kind(features=("age", "since_last_taken"), has=lambda items: True),
    Input.POPULARITY: _Kind(_of(Popularity, Newcomers)),
    Input.TIME: _Kind(_of(Hours)),
    Input.CONTEXT: _Kind(_of(InContext)),
    Input.GROUPS: _Kind(_of(Demographic)),
}


def ablations(
    inputs: Sequence[Input],
    config: ScorerConfig,
    items: ItemFeatures,
    sources: Sequence[Source],
    say: Callable[[str], None],
) -> Iterator[Ablation]:
    """What the rankers without each of the inputs are trained on.

    `say` is told of an input that there is nothing of, as the data has none or its source was left out; it is skipped.
    """
    names = tuple(source.name for source in sources)
    of_columns = [column.split(":")[0] for column in feature_names(names)]
    for each in inputs:
        kind = _KINDS[each]
        silenced = {source.name for source in sources if kind.signals(source)}
        if not (kind.has(items) if kind.has else silenced):
            say(f"no ranker without {each.in_words}: the ranker reads nothing of it here")
            continue
        dropped = np.array([column in silenced or column in kind.features for column in of_columns], np.bool_)
        yield Ablation(each, kind.config(config), kind.items(items), dropped)
