"""Cold start of items: new items of a slice are to training what they would be to a server."""

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
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.training.fit_sources import SourceTraining
from shortlist_training.cold_start import at_new_rows, new_item_candidates
from shortlist_training.samples import propose
from shortlist_training.slices import slices
from shortlist_training.table import prepare

COUNT = 100


@pytest.fixture(scope="module")
def table():
    return prepare(make_shop(items=300, users=150, seed=1).dataset, None)


@pytest.fixture(scope="module")
def cut(table):
    return slices(table.histories, table.features.has_content, 4, 60, 0)[0]


@pytest.fixture(scope="module")
def retriever(table, cut, system_test):
    training = SourceTraining()
    training.fit(FitInputs(cut.past, table.features, RetrievalSettings((14.0,), factors=8), seed=0, most_steps=10))
    sources = training.unaware_of(cut.new)
    return Retriever(sources, Fusion.even(len(sources)), len(table.features))


def test_the_shop_has_new_items(cut):
    assert 2 < cut.new.sum() < cut.in_catalogue.sum()
    assert cut.new[cut.taken].any(), "and some were taken"


def test_what_reads_content_speaks_of_new_items(retriever, cut):
    rows = np.flatnonzero(cut.new).astype(np.int32)
    found = retriever.score(cut.queries.slice(0, 8), np.tile(rows, (8, 1)))
    speaking = {name for name, says in zip(found.sources, found.scores.any(axis=(0, 1)), strict=True) if says}
    assert speaking == {"two_tower", "text"}


def test_the_nearest_new_items_are_proposed_but_none_that_a_history_holds(retriever, cut):
    fresh = new_item_candidates(retriever, cut, COUNT, 32)
    assert len(fresh) == len(cut.queries)
    for rows, seen in zip(fresh, cut.queries.seen(), strict=True):
        assert len(rows) == min(COUNT // 10, (cut.new & ~np.isin(np.arange(len(cut.new)), seen)).sum())
        assert cut.new[rows].all() and not np.isin(rows, seen).any()
    offered = np.concatenate([union.items.ravel() for union in propose(retriever, cut, COUNT, fresh)])
    offered = offered[offered != NO_ITEM]
    assert (cut.in_catalogue | cut.new)[offered].all()


def test_without_new_items_nothing_is_proposed_and_no_neighbour_lost(retriever, cut):
    assert not any(len(rows) for rows in new_item_candidates(retriever, cut.without_new_items(), COUNT, 32))
    text = Text(sp.csr_matrix(np.eye(3, dtype=np.float32)))
    assert np.array_equal(text.unaware_of(np.zeros(3, bool)).weights.toarray(), text.weights.toarray())
    assert text.unaware_of(np.array([0, 1, 0], bool)).weights.diagonal().tolist() == [1, 0, 1]


def test_new_items_get_rows_whose_ids_say_nothing(table, cut):
    items, arrived = table.features, np.flatnonzero(cut.new)
    new = int(arrived[1])
    old = int(np.flatnonzero(cut.in_catalogue)[0])
    made = Examples(*([np.zeros(0)] * 11))
    made = replace(made, candidates=np.array([[new, old, NO_ITEM]], np.int32), history=np.array([[old, new]], np.int32))
    found = at_new_rows(made, cut.new)
    longer = items.with_new_copies(arrived)
    assert found.candidates.tolist() == [[len(items) + 1, old, NO_ITEM]]
    assert found.history.tolist() == [[old, len(items) + 1]]
    inputs = item_inputs(longer, found.candidates[0, :2])
    assert inputs["ids"].tolist() == [0, old + 1]
    assert inputs["tokens"][0].tolist() == items.tokens[new].tolist()
