import numpy as np
import pytest

from shortlist_core.catalog import CatalogItem
from shortlist_core.types import NO_ITEM, Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings
from shortlist_retrieval.sources.text import Text, text_weights, token_values


def tokens(*rows):
    width = max(len(row) for row in rows)
    return np.array([[*row, *[0] * (width - len(row))] for row in rows], np.int32)


def likeness(*rows):
    found = tokens(*rows)
    return text_weights(found, token_values(found, 10)).toarray()


def test_a_rare_word_in_common_says_more_than_a_frequent_one():
    weights = likeness([2, 3], [2, 4], [3, 5], [3, 6], [3, 7], [2, 3])
    assert weights[0, 5] > weights[0, 1] > 0, "all words, then one"
    assert weights[0, 1] > weights[0, 2], "token 3 is in five items, token 2 in three"


def test_alike_both_ways_never_to_itself():
    weights = likeness([2, 3], [2, 3], [3, 4], [4])
    assert np.allclose(weights, weights.T)
    assert not np.diag(weights).any()
    assert weights.max() <= 1 + 1e-6


def test_an_item_without_words_has_no_neighbours():
    weights = likeness([], [2], [2], [9])
    assert not weights[0].any()
    assert not weights[3].any(), "a word of its own alone"
    assert weights[1, 2] > 0


def test_word_order_and_repeats_do_not_count():
    weights = likeness([2, 3, 3], [3, 2], [2, 3], [4, 4], [4])
    assert np.isclose(weights[0, 1], weights[0, 2])


ITEMS = 40


@pytest.fixture(scope="module")
def text():
    """Items of one of four kinds, which two words tell, and one word of their own."""
    texts = [f"kind{item % 4} sort{item % 4} own{item}" for item in range(ITEMS)]
    items = ItemFeatures.build(
        texts, np.zeros(ITEMS + 1, np.int64), np.zeros(0, np.int32), 0, np.full(ITEMS, np.nan), np.ones(ITEMS, bool)
    )
    nobody = Queries(
        np.zeros(1, np.int64), *(np.zeros(0, kind) for kind in (np.int32, np.int64, np.int8, np.float32)),
        np.zeros(0, np.int64),
    )  # fmt: skip
    return items, Text.fit(FitInputs(nobody, items, RetrievalSettings(()), 0))[0]


def test_new_items_are_as_like_as_they_would_be_if_they_were_known(text, queries_of):
    _, known = text
    new = np.isin(np.arange(ITEMS), [5, 6, 7])
    unaware = known.unaware_of(new)
    queries = queries_of([[1, 9], [2], []])
    rows = np.tile(np.array([5, 6, 7, 0, NO_ITEM], np.int32), (3, 1))
    expected = known.scores(queries).at(rows)
    assert unaware.scores(queries).at(rows)[:, :4] == pytest.approx(expected[:, :4], abs=1e-5)
    assert expected[0, 0] > 0 and expected[1, 1] > 0
    assert not np.isin([5, 6, 7], unaware.scores(queries).top(ITEMS, None)).any()


def test_the_nearest_new_items_share_words_with_the_history(text, queries_of):
    unaware = text[1].unaware_of(np.isin(np.arange(ITEMS), [5, 6, 7]))
    found = unaware.nearest(queries_of([[1, 9], [2], []]), np.array([7, 6, 5], np.int32), 2)
    assert [rows.tolist()[:1] for rows in found] == [[5], [6], []]


def test_what_is_written_to_a_server_is_found_by_its_words(text, queries_of, stored):
    items, known = text

    def write(writer):
        items.write(writer)
        known.write(writer)
        writer.json("items/category_names", [])

    bundle = stored(write)
    served = Text.load(bundle, "text", NewItems.load(bundle, 4))
    rows = np.array([ITEMS + 1, ITEMS, 3], np.int32)
    served.put(rows, [CatalogItem(f"n{i}", text=words) for i, words in enumerate(("kind1 sort1", "kind2 sort2", "x"))])
    queries = queries_of([[1, 9], [2]])
    scores = served.scores(queries).at(np.tile(np.append(rows, np.int32(5)), (2, 1)))
    assert scores[0, 0] > 0.5 > scores[1, 0] and scores[1, 1] > 0.5 > scores[0, 1]
    assert scores[:, 3] == pytest.approx(known.scores(queries).at(np.full((2, 1), 5, np.int32))[:, 0]), "as before"
    assert [rows.tolist() for rows in served.nearest(queries, rows[:2], 5)] == [[ITEMS + 1], [ITEMS]]
