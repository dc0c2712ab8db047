"""What a bundle hands on is what it had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shortlist_bundle.items import ItemTable
from shortlist_core.types import NO_ITEM
from shortlist_core.values import PIXEL_BYTES
from shortlist_data.dataset import Dataset
from shortlist_layers.item_features import ItemFeatures
from shortlist_layers.pictures import Pictures
from shortlist_ranking.ranker import Ranker
from shortlist_ranking.scorer import Scorer
from shortlist_ranking.train import item_vectors
from shortlist_training import warm
from shortlist_training.config import Recipe
from shortlist_training.recipe import train
from shortlist_training.table import prepare
from shortlist_training.warm import warm_start


@pytest.fixture(scope="module")
def table(trained_bundle):
    return prepare(Dataset.read(trained_bundle.data), None, ItemFeatures.load(trained_bundle.load()))


def test_the_ranker_goes_on_with_the_vectors_that_it_had(trained_bundle, table):
    bundle = trained_bundle.load()
    start, ranker = warm_start(bundle, table), Ranker.load(bundle)
    scorer = Scorer(replace(ranker.scorer.config, n_items=len(table.item_ids)))
    scorer.build()
    scorer.set_weights(start.scorer.weights)
    rows = [table.item_ids.index(item_id) for item_id in ItemTable.load(bundle).ids]
    assert len(rows) < len(table.item_ids), "some came later"
    assert np.abs(ranker.item_vectors).max() > 0.1
    assert item_vectors(scorer, table.features)[rows] == pytest.approx(ranker.item_vectors, abs=1e-5)
    assert start.scorer.scaling.mean.tolist() == ranker.scaling.mean.tolist()


def test_settings_are_those_that_were_found(trained_bundle, table):
    assert warm_start(trained_bundle.load(), table).settings == trained_bundle.trained.settings


def test_actions_go_on_with_the_outputs_that_they_had(trained_bundle, table):
    """Training on from a bundle with actions builds a scorer with as many outputs."""
    bundle, ranker = trained_bundle.load(), Ranker.load(trained_bundle.load())
    assert ranker.scorer.config.n_actions > 1
    start = warm_start(bundle, table)
    assert (start.scorer.types, start.scorer.has_actions) == (ranker.actions.types, True)
    trained = train(table, Recipe(**trained_bundle.recipe), 1, lambda _: None, warm=start)
    assert trained.scorer.actions.types == ranker.actions.types
    assert trained.scorer.scorer.config.n_actions == ranker.scorer.config.n_actions


def test_new_items_begin_without_an_id(trained_bundle, table):
    bundle = trained_bundle.load()
    ids = next(w for w in warm_start(bundle, table).scorer.weights if len(w) == len(table.item_ids) + 1)
    there = ItemTable.load(bundle).ids.rows(table.item_ids) != NO_ITEM
    assert not ids[1:][~there].any()
    assert ids[1:][there].any(axis=1).mean() > 0.9


def test_with_other_categories_it_begins_anew(trained_bundle, table):
    renamed = replace(table, categories=[[f"new {name}" for name in of_item] for of_item in table.categories])
    assert warm_start(trained_bundle.load(), renamed) is None


def test_where_pictures_come_it_begins_anew(trained_bundle, table):
    pictures = Pictures.of([bytes(PIXEL_BYTES), *[None] * (len(table.item_ids) - 1)])
    shown = replace(table, features=replace(table.features, pictures=pictures))
    assert warm_start(trained_bundle.load(), shown) is None


@pytest.mark.parametrize("registry", ["SOURCES", "FEATURES"])
def test_with_another_source_or_feature_it_begins_anew(trained_bundle, table, registry, monkeypatch):
    monkeypatch.setattr(warm, registry, getattr(warm, registry)[1:])
    assert warm_start(trained_bundle.load(), table) is None
