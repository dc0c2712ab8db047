import math

import numpy as np
import pytest
import scipy.sparse as sp

from shortlist_evaluation.catalogue import (
    ItemStats,
    average_popularity,
    coverage,
    head_share,
    intra_list_diversity,
    novelty,
)


def lists(*rows):
    return np.array(rows, np.int32)


STATS = ItemStats(users=np.array([8, 4, 2, 1, 0]), n_users=8)


def test_coverage_counts_every_item_once_and_no_padding():
    assert coverage(lists([0, 1, -1], [1, 2, -1]), 5) == pytest.approx(3 / 5)
    assert coverage(lists([-1]), 5) == 0


def test_novelty_is_in_bits_and_finite_for_an_unknown_item():
    assert novelty(lists([0, 1], [2, -1], [3, 4]), STATS) == pytest.approx([0.5, 2.0, 3.0])


def test_popularity_bias():
    assert average_popularity(lists([0, 2], [3, -1]), STATS) == pytest.approx([5, 1])
    assert STATS.head.tolist() == [True, False, False, False, False]
    assert head_share(lists([0, 2], [1, 3]), STATS) == pytest.approx([0.5, 0])


def test_empty_lists_have_no_value():
    for values in (novelty(lists([-1]), STATS), average_popularity(lists([-1]), STATS), head_share(lists([-1]), STATS)):
        assert math.isnan(values[0])


@pytest.mark.parametrize("of", [np.asarray, sp.csr_matrix])
def test_diversity_by_hand(of):
    vectors = of(np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32))
    found = intra_list_diversity(lists([0, 1, -1], [0, 2, -1], [0, 1, 2], [0, 3, -1], [0, -1, -1]), vectors)
    assert found[:4] == pytest.approx([0, 1, 2 / 3, 1])
    assert math.isnan(found[4])


def test_diversity_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ranked = np.stack([rng.permutation(30)[:10] for _ in range(4)]).astype(np.int32)
    pairs = [np.mean([vectors[a] @ vectors[b] for i, a in enumerate(row) for b in row[:i]]) for row in ranked]
    assert intra_list_diversity(ranked, vectors) == pytest.approx(1 - np.array(pairs), abs=1e-5)
