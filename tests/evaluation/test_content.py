import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from shortlist_data.dataset import Dataset
from shortlist_data.schema import empty
from shortlist_evaluation.content import ContentBased, text_vectors

ITEMS = Dataset.of(
    empty("interactions"),
    pl.DataFrame(
        {
            "item_id": ["a", "b", "c", "d", "e"],
            "title": ["RED mug", "red Mug!", "blue plate", "", "Café"],
            "text": ["", "", "a mug's plate", "", "café"],
            "categories": [["red"], [], [], ["mug"], []],
        }
    ),
).items
IDS = pl.Series(["a", "b", "c", "d", "e"])


def test_vectors_have_length_one_or_zero_and_know_likeness():
    vectors = text_vectors(ITEMS, IDS).toarray()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0])  # what only one item says connects nothing
    like = vectors @ vectors.T
    assert like[0, 1] > like[0, 2] > 0
    assert like[2, 3] == pytest.approx(1)  # a category is a word like any other
    assert like[4].tolist() == [0] * 5


def test_items_outside_the_catalogue_are_left_out():
    assert text_vectors(ITEMS, pl.Series(["a", "b"])).shape[0] == 2
    assert text_vectors(ITEMS, pl.Series(["a", "unknown"])).nnz == 0


def test_recommends_what_reads_alike():
    model = ContentBased(sp.csr_matrix(np.array([[1, 0, 0, 0, 0], [0] * 5], np.float32)), text_vectors(ITEMS, IDS))
    scores = model.scores(np.array([0, 1], np.int32))
    assert scores[0, 1] > scores[0, 2] > scores[0, 4] == 0
    assert scores[1].tolist() == [0] * 5
