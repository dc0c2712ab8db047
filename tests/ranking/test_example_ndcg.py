"""NDCG of training examples, by hand."""

import numpy as np
import pytest

from shortlist_layers.history import HISTORY
from shortlist_ranking.example_ndcg import ndcg_at_10
from shortlist_ranking.examples import Examples


def labelled(labels, ideal):
    labels = np.array(labels, np.float32)
    recent = [np.zeros((len(labels), HISTORY), dtype) for dtype in (np.int32, np.float32, np.int32, np.int32)]
    nothing = np.zeros((*labels.shape, 1), np.float32)
    ideal = np.array(ideal, np.float32)
    items, users, done = np.zeros(labels.shape, np.int32), np.arange(len(labels)), np.zeros(labels.shape, np.uint16)
    return Examples(items, nothing, labels, ideal, users, *recent, done, np.zeros((len(labels), 8), np.float32))


def test_ndcg_by_hand():
    """One took one thing, one three, worth 1, 1 and 1/2, the last of which was not retrieved."""
    best = 1 + 1 / np.log2(3) + 0.5 / np.log2(4)
    made = labelled([[1, 0, 0, -1], [0, 1, 1, 0], [0, 0, 0, 0]], [1, best, 1.5])
    scores = np.array([[1, 2, 0, 99], [0, 5, 4, 6], [1, 2, 3, 4]], np.float32)
    second = (1 / np.log2(3) + 1 / np.log2(4)) / best
    assert ndcg_at_10(scores, made) == pytest.approx(np.mean([1 / np.log2(3), second, 0]))


def test_a_list_in_order_of_worth_is_better_than_one_against_it():
    made = labelled([[1, 0.5, 0]], [1 + 0.5 / np.log2(3)])
    assert ndcg_at_10(np.array([[3, 2, 1]], np.float32), made) == pytest.approx(1)
    assert ndcg_at_10(np.array([[2, 3, 1]], np.float32), made) < 1
