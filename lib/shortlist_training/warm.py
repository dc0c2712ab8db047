"""Warm start: what a published bundle hands on to the training of the next one."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from shortlist_bundle import Bundle
from shortlist_bundle.groups import UserGroups
from shortlist_bundle.items import ItemTable, category_names
from shortlist_core.types import NO_ITEM, Float32s
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.features.registry import FEATURES
from shortlist_ranking.outputs import item_vectors
from shortlist_ranking.ranker import Ranker
from shortlist_ranking.scorer import Scorer
from shortlist_ranking.train import ScorerWarmStart
from shortlist_retrieval.sources.fit_inputs import RetrievalSettings
from shortlist_retrieval.sources.registry import SOURCES, source_class
from shortlist_training.recipe import WarmStart
from shortlist_training.table import TrainingTable


def warm_start(bundle: Bundle, table: TrainingTable) -> WarmStart | None:
    """The settings and the ranker of a bundle, for training on `table`, which was encoded with the bundle's vocabulary.

    None where they do not fit the table, as the catalogue has other categories or vectors, pictures or users'
    attributes came or went, or events tell of no context any more; and where the code has other sources or features.
    """
    ranker, with_groups = Ranker.load(bundle), table.histories.groups is not None
    if bool(UserGroups.load(bundle)) != with_groups or ranker.features != FEATURES:
        return None
    config, features = ranker.scorer.config, table.features
    read = features.words.size, features.n_categories, features.vectors.dim, len(features.pictures) > 0
    if (config.vocabulary, config.n_categories, config.vector_dim, config.pictures) != read:
        return None
    if list(ItemTable.load(bundle).category_names) != category_names(table.categories):
        return None
    all_settings: Any = bundle.manifest.settings
    stored_settings = all_settings["retrieval"]
    finite = {name: np.inf if value is None else value for name, value in stored_settings.items()}
    settings = RetrievalSettings(**finite | {"windows_days": tuple(stored_settings["windows_days"])})
    stored = [source_class(each["kind"], each["name"]) for each in bundle.json("retrieval/sources")["sources"]]
    if settings.context and table.histories.event_contexts is None:
        return None
    # In order, as the ranker's features follow it. Popularity is several sources of one class, one after another.
    if [source for source, _ in groupby(stored)] != [each for each in SOURCES if each.applies(settings, with_groups)]:
        return None
    scorer = ScorerWarmStart(
        _weights(bundle, ranker, table), ranker.scaling, ranker.actions.types, ranker.scorer.config.n_actions > 0
    )
    return WarmStart(settings, scorer, bundle.manifest.dislike_below)


def _weights(bundle: Bundle, ranker: Ranker, table: TrainingTable) -> list[Float32s]:
    """The scorer's weights for the table's items.

    A bundle does not store the embeddings of item ids. They are recovered: an id's embedding is the item's vector minus
    what its content gives. An item that is new, or that nobody had taken, starts at zero.
    """
    scorer = Scorer(replace(ranker.scorer.config, n_items=len(table.item_ids)))
    scorer.build()
    ids = scorer.items.ids.embeddings
    empty = np.zeros(ids.shape, np.float32)
    old = ranker.scorer.items.ids.embeddings
    empty[0] = np.asarray(old)[0]
    weights = [
        empty if variable is ids else value
        for variable, value in zip(scorer.weights, ranker.scorer.get_weights(), strict=True)
    ]
    scorer.set_weights(weights)
    rows = ItemTable.load(bundle).ids.rows(table.item_ids)
    had_id = rows != NO_ITEM
    had_id[had_id] = ItemFeatures.load(bundle).has_history[rows[had_id]]
    content = item_vectors(scorer, replace(table.features, has_history=np.zeros(len(rows), np.bool_)))
    with_ids = empty.copy()
    with_ids[1:][had_id] = ranker.item_vectors[rows[had_id]] - content[had_id]
    return [with_ids if value is empty else value for value in weights]
