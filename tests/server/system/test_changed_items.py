"""What is written of an item reads as training reads it, and holds wherever the item is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from trained_system import included, price_of, written

from shortlist_core.catalog import CatalogItem
from shortlist_data.dataset import Dataset
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_server.system.loaded_bundle import LoadedBundle


@pytest.fixture
def system(load) -> LoadedBundle:
    return load()


def tower_of(retriever: Retriever) -> TwoTower:
    return next(source for source in retriever.all_sources if isinstance(source, TwoTower))


def texts_of(data: Path) -> dict[str, str]:
    return dict(Dataset.read(data).items.select("item_id", "text").iter_rows())


def attributes_of(data: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    rows = Dataset.read(data).items.select("item_id", "attributes").iter_rows()
    return {item_id: tuple((pair["key"], pair["value"]) for pair in pairs) for item_id, pairs in rows}


def test_a_change_holds_in_titles_filters_prices_and_vectors(system, ask):
    row = 7
    before, price = system.ranker.vectors(np.array([row])), float(system.ranker.facts.prices[row, 0])
    item_id = system.items.ids[row]
    tower = tower_of(system.retriever)
    vector = tower.index.take(np.array([row]))
    system.filters.allowed(included("moved"))  # remembered as it was
    system.apply_changes([written(CatalogItem(item_id, "A new title", "words", ("moved",), 1_000.0))])
    assert len(system.items) == len(system.bundled)
    assert system.items.titles[row] == "A new title"
    assert ask.ids(system, filter=included("moved")) == [item_id]
    assert all(item_id not in ask.ids(system, filter=included(n), count=200)
               for n in system.bundled.category_names)  # fmt: skip
    assert system.ranker.facts.prices[row, 0] > price
    assert not np.allclose(system.ranker.vectors(np.array([row])), before)
    moved = tower.index.take(np.array([row]))
    assert not np.allclose(moved, vector) and np.linalg.norm(moved) == pytest.approx(1, abs=1e-5)
    rows, products = tower.index.search(moved, 1)
    assert rows[0, 0] == row and products[0, 0] == pytest.approx(1, abs=1e-5)


def test_writing_what_is_there_changes_nothing(system, load, trained_bundle):
    """An item known to training reads as training read it; the id's part stays."""
    table = trained_bundle.trained.table
    rows = np.arange(0, len(system.bundled), 7)
    titles, ids = system.items.titles.take(rows), system.items.ids.take(rows)
    texts, known = texts_of(trained_bundle.data), attributes_of(trained_bundle.data)
    items = [
        CatalogItem(id, title, texts[id], tuple(table.categories[row]), price_of(system, row), known[id])
        for row, id, title in zip(rows, ids, titles, strict=True)
    ]
    system.apply_changes(list(map(written, items)))
    fresh = load()
    of = [tower_of(each.retriever).index.take(rows) for each in (system, fresh)]
    assert of[0] == pytest.approx(of[1], abs=1e-4)
    assert system.ranker.item_vectors[rows] == pytest.approx(fresh.ranker.item_vectors[rows], abs=1e-4)
    assert system.ranker.facts.prices[rows] == pytest.approx(fresh.ranker.facts.prices[rows], abs=1e-4)


def test_an_item_nobody_took_reads_the_same_whether_training_knew_it_or_not(load, trained_bundle):
    """Same weights: what training says of an item without events is what is said of it when it comes later."""
    from shortlist_layers.item_features import item_inputs

    system, table, row = load(), trained_bundle.trained.table, 11
    inputs = item_inputs(table.features, np.array([row])) | {"ids": np.zeros(1, np.int32)}  # as if nobody took it
    trained = tower_of(trained_bundle.trained.retriever).item_tower.vectors(inputs)[0]
    text = texts_of(trained_bundle.data)[table.item_ids[row]]
    known = attributes_of(trained_bundle.data)[table.item_ids[row]]
    system.apply_changes([written(CatalogItem("X", table.titles[row], text, tuple(table.categories[row]),
                                              price_of(system, row), known))])  # fmt: skip
    at = system.items.ids.rows(["X"])
    served = tower_of(system.retriever).index.take(at)[0]
    assert served == pytest.approx(trained / np.linalg.norm(trained), abs=1e-5)
    scorer = trained_bundle.trained.scorer.scorer
    assert system.ranker.item_vectors[at][0] == pytest.approx(np.asarray(scorer.item_vectors(inputs))[0], abs=1e-5)
