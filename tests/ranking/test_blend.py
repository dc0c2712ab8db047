"""Which order is served: the ranker's, stage one's, or a blend, by held-out examples."""

import numpy as np
import pytest

from shortlist_core.ndcg import beats
from shortlist_layers.history import HISTORY
from shortlist_ranking.blend import blended, choose_blend
from shortlist_ranking.example_ndcg import ndcg_at_10, query_ndcgs
from shortlist_ranking.examples import Examples


def examples(queries, n=20, seed=0):
    """One candidate of each query was taken."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((queries, n), np.float32)
    labels[np.arange(queries), generator.integers(n, size=queries)] = 1
    recent = [np.zeros((queries, HISTORY), dtype) for dtype in (np.int32, np.float32, np.int32, np.int32)]
    return Examples(
        np.zeros((queries, n), np.int32), np.zeros((queries, n, 1), np.float32), labels, np.ones(queries, np.float32),
        np.arange(queries), *recent, np.zeros(labels.shape, np.uint16), np.zeros((queries, 8), np.float32),
    )  # fmt: skip


def seeing(made, how_well, seed):
    """Scores that see what was taken so well, beside noise."""
    noise = np.random.default_rng(seed).normal(size=made.labels.shape)
    return (how_well * made.labels + noise).astype(np.float32)


def test_a_better_ranker_is_served_and_a_worse_one_is_not():
    made = examples(400)
    good, bad = seeing(made, 4, 1), seeing(made, 1, 2)
    assert choose_blend(good, bad, made).share >= 0.5
    worse = choose_blend(bad, good, made)
    assert worse.share < 1
    assert worse.ndcg >= worse.stage_one_ndcg == pytest.approx(ndcg_at_10(good, made))


def test_two_that_know_different_things_are_blended():
    made = examples(400)
    logits, fused = seeing(made, 2, 1), seeing(made, 2, 2)
    both = choose_blend(logits, fused, made)
    assert both.share in (0.25, 0.5, 0.75)
    assert beats(query_ndcgs(blended(both.share, logits, fused), made), query_ndcgs(fused, made), 2)
    assert f"{both.share:.0%} the ranker's and {1 - both.share:.0%} stage one's" in str(both)


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_not_served(seed):
    made = examples(300, seed=seed)
    fused = seeing(made, 3, seed)
    chosen = choose_blend(seeing(made, 0, 100 + seed), fused, made)
    assert chosen.share == 0
    assert "is stage one's: on held-out queries its NDCG@10 was" in str(chosen)
    assert chosen.ndcg == chosen.stage_one_ndcg


def test_a_scorer_that_is_stage_one_gives_way_to_it():
    made = examples(50)
    fused = seeing(made, 2, 1)
    assert choose_blend(fused, fused, made).share == 0


def test_nothing_is_decided_without_examples():
    none = examples(0)
    assert choose_blend(none.labels, none.labels, none).share == 0


def test_padding_stays_last_in_a_blend():
    fused = np.array([[1.0, -np.inf]], np.float32)
    assert blended(1.0, np.array([[2.0, -np.inf]], np.float32), fused).tolist() == [[2.0, -np.inf]]
    assert blended(0.5, np.array([[2.0, 3.0]], np.float32), fused).tolist() == [[1.5, -np.inf]]
