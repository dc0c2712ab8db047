"""NDCG by hand, and its two forms against each other."""

from __future__ import annotations

import numpy as np
import pytest

from shortlist_core.ndcg import binary_ndcg_at, dcg_at, discounts, ideal_dcg_at


def test_the_first_rank_counts_fully_and_the_third_half():
    assert discounts(3) == pytest.approx([1, 1 / np.log2(3), 0.5])


def test_dcg_reads_the_first_k_ranks_alone():
    gains = np.array([[0.5, 0, 1, 1], [0, 0, 0, 1]], np.float32)
    assert dcg_at(gains, 3).tolist() == [1.0, 0.0]
    assert dcg_at(gains[:, :2], 10).tolist() == [0.5, 0.0], "a list shorter than k"


def test_the_best_list_has_the_largest_gains_first():
    gains, offsets = np.array([0.5, 1, 0.25, 1], np.float32), np.array([0, 3, 3, 4])
    expected = [1 + 0.5 / np.log2(3), 0, 1]
    assert ideal_dcg_at(gains, offsets, 2) == pytest.approx(expected)
    assert ideal_dcg_at(gains, offsets, 2).dtype == np.float32


def test_the_binary_form_is_the_weighted_one_with_gains_of_one():
    generator = np.random.default_rng(0)
    hits = generator.random((50, 12)) < 0.3
    relevant = hits.sum(axis=1) + generator.integers(0, 5, 50)
    relevant[0], hits[0] = 0, False
    ideal = ideal_dcg_at(np.ones(relevant.sum(), np.float32), np.concatenate([[0], np.cumsum(relevant)]), 10)
    with np.errstate(invalid="ignore"):
        weighted = dcg_at(hits.astype(np.float32), 10) / ideal
    found = binary_ndcg_at(hits, relevant, 10)
    assert np.isnan(found[0])
    assert found == pytest.approx(weighted, nan_ok=True)
