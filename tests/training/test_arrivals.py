"""Within a slice new items are what they would be for a server."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from shortlist_core.types import NO_ITEM
from shortlist_data.synthetic import make_shop
from shortlist_layers.item_features import item_inputs
from shortlist_ranking.examples import Examples
from shortlist_retrieval.fusion import Fusion
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.text import text_weights
from shortlist_retrieval.training.fit_sources import RetrievalSettings, fit_sources
from shortlist_retrieval.training.tower_training import TowerTraining
from shortlist_training.arrivals import meet, neighbours_without, proposals, without_ids
from shortlist_training.lessons import propose
from shortlist_training.slices import slices
from shortlist_training.table import prepare

COUNT = 100


@pytest.fixture(scope="module")
def table():
    return prepare(make_shop(items=300, users=150, seed=1).dataset, None)


@pytest.fixture(scope="module")
def cut(table):
    return slices(table.histories, table.features.worded, 4, 60, 0)[0]


@pytest.fixture(scope="module")
def retriever(table, cut):
    n = len(table.features)
    towers = TowerTraining(table.features, 0)
    settings, text = RetrievalSettings((14.0,), factors=8), text_weights(table.features.tokens)
    sources = fit_sources(cut.past, n, text, towers.fit(cut.past, np.inf, 10), settings, 0)
    met = meet(sources, towers.source(table.features.without(cut.new)), cut.new)
    return Retriever(met, Fusion.even(len(met)), n)


def test_the_shop_has_arrivals(cut):
    assert 2 < cut.new.sum() < cut.known.sum()
    assert cut.new[cut.taken].any(), "and some were taken"


def test_only_the_towers_speak_of_new_items(retriever, cut):
    rows = np.flatnonzero(cut.new).astype(np.int32)
    found = retriever.score(cut.queries.slice(0, 8), np.tile(rows, (8, 1)))
    speaking = {name for name, says in zip(found.sources, found.scores.any(axis=(0, 1)), strict=True) if says}
    assert speaking == {"two_tower"}


def test_the_nearest_new_items_are_proposed_but_none_that_a_history_holds(retriever, cut):
    fresh = proposals(retriever, cut, COUNT, 32)
    assert len(fresh) == len(cut.queries)
    for rows, seen in zip(fresh, cut.queries.seen(), strict=True):
        assert len(rows) == min(COUNT // 10, (cut.new & ~np.isin(np.arange(len(cut.new)), seen)).sum())
        assert cut.new[rows].all() and not np.isin(rows, seen).any()
    offered = np.concatenate([union.items.ravel() for union in propose(retriever, cut, COUNT, fresh)])
    offered = offered[offered != NO_ITEM]
    assert (cut.known | cut.new)[offered].all()


def test_without_new_items_nothing_is_proposed_and_no_neighbour_lost(retriever, cut):
    assert not any(len(rows) for rows in proposals(retriever, cut.of_known(), COUNT, 32))
    text = sp.csr_matrix(np.eye(3, dtype=np.float32))
    assert np.array_equal(neighbours_without(text, np.zeros(3, bool)).toarray(), text.toarray())
    assert neighbours_without(text, np.array([0, 1, 0], bool)).diagonal().tolist() == [1, 0, 1]


def test_new_items_get_rows_whose_ids_say_nothing(table, cut):
    items, arrived = table.features, np.flatnonzero(cut.new)
    new = int(arrived[1])
    old = int(np.flatnonzero(cut.known)[0])
    made = Examples(*([np.zeros(0)] * 9))
    made = replace(made, candidates=np.array([[new, old, NO_ITEM]], np.int32), history=np.array([[old, new]], np.int32))
    found = without_ids(made, cut.new)
    longer = items.with_new(arrived)
    assert found.candidates.tolist() == [[len(items) + 1, old, NO_ITEM]]
    assert found.history.tolist() == [[old, len(items) + 1]]
    inputs = item_inputs(longer, found.candidates[0, :2])
    assert inputs["ids"].tolist() == [0, old + 1]
    assert inputs["tokens"][0].tolist() == items.tokens[new].tolist()
