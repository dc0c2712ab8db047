import numpy as np
import pytest
import scipy.sparse as sp

from shortlist_retrieval import neighbours, profile
from shortlist_retrieval.neighbours import cosine, ease
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sparse import keep_largest

OWNED = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1]], np.float32)


def textbook_ease(x, l2):
    """Steck 2019, eq. 8: B = I - P diag(1 / diag P), P the inverse of X'X + l2 I."""
    p = np.linalg.inv(x.T @ x + l2 * np.eye(x.shape[1]))
    return np.eye(len(p)) - p / np.diag(p)


def test_ease_is_the_textbooks():
    assert ease(sp.csr_matrix(OWNED), 2.0).toarray() == pytest.approx(textbook_ease(OWNED, 2.0), abs=1e-6)


def test_ease_covers_the_most_interacted_items(monkeypatch):
    monkeypatch.setattr(neighbours, "EASE_ITEMS", 3)
    found = ease(sp.csr_matrix(OWNED), 2.0).toarray()
    assert found[:3, :3] == pytest.approx(textbook_ease(OWNED[:, :3], 2.0), abs=1e-6)
    assert not found[3].any()
    assert not found[:, 3].any()


def test_an_item_that_nobody_has_gets_no_neighbours():
    unseen = np.pad(OWNED, [(0, 0), (0, 1)])
    for weights in (ease(sp.csr_matrix(unseen), 2.0), cosine(sp.csr_matrix(unseen))):
        assert not weights.toarray()[4].any()
        assert not weights.toarray()[:, 4].any()


@pytest.mark.parametrize("block", [2, 2_000])
def test_cosine_is_the_textbooks_with_shrinkage(block):
    values = OWNED * np.array([1, 0.5, 2, 1])
    together = values.T @ values
    lengths = np.sqrt(np.diag(together))
    expected = together / (np.outer(lengths, lengths) + 10)
    np.fill_diagonal(expected, 0)
    assert cosine(sp.csr_matrix(values.astype(np.float32)), 10.0, block).toarray() == pytest.approx(expected, abs=1e-6)


def test_scores_add_up_what_the_history_names(queries_of):
    weights = textbook_ease(OWNED, 2.0).astype(np.float32)
    source = ItemItem(sp.csr_matrix(weights), np.inf, name="ease")
    found = source.scores(queries_of([[0, 2, 0]])).at(np.arange(4, dtype=np.int32)[None])
    assert found[0] == pytest.approx(weights[0] + weights[2], abs=1e-6)


def test_a_profile_fades_with_the_half_life_and_counts_the_newest_event(queries_of):
    queries = queries_of([[4, 1, 4]], times=[[80, 90, 95]], now=100)
    profile = history_profile(queries, 6, 5.0).matrix().toarray()[0]
    assert profile == pytest.approx([0, 0.25, 0, 0, 0.5, 0])
    assert history_profile(queries, 6, np.inf).matrix().toarray()[0].tolist() == [0, 1, 0, 0, 1, 0]


def test_a_repeated_wish_counts_more_but_not_in_proportion(queries_of):
    queries = queries_of([[4, 1, 4]], times=[[90, 90, 95]], now=100)
    assert history_profile(queries, 6, np.inf, True).matrix().toarray()[0] == pytest.approx([0, 1, 0, 0, 2**0.5, 0])
    assert history_profile(queries, 6, 5.0, True).matrix().toarray()[0] == pytest.approx([0, 0.5, 0, 0, 0.75**0.5, 0])


def test_how_histories_are_read_is_stored_with_the_source(queries_of, stored):
    source = ItemItem(ease(sp.csr_matrix(OWNED), 2.0), 5.0, repeated=True, name="ease")
    queries = queries_of([[0, 2, 0]])
    loaded = ItemItem.load(stored(source.write), "ease")
    assert np.array_equal(loaded.profile(queries).matrix().toarray(), source.profile(queries).matrix().toarray())


def test_the_newest_events_alone_count(queries_of, monkeypatch):
    monkeypatch.setattr(profile, "HISTORY", 2)
    assert history_profile(queries_of([[0, 1, 2], [3]]), 4, np.inf).matrix().toarray().tolist() == [
        [0, 1, 1, 0],
        [0, 0, 0, 1],
    ]


def test_keep_largest_goes_by_magnitude_and_drops_zeros():
    matrix = sp.csr_matrix(np.array([[3.0, -5, 0, 1], [0, 0, 0, 2], [0, 0, 0, 0]]))
    assert keep_largest(matrix, 2).toarray().tolist() == [[3, -5, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0]]


def test_profiles_stay_as_they_are():
    profiles = sp.csr_matrix(OWNED)
    ease(profiles, 1.0)
    cosine(profiles)
    assert np.array_equal(profiles.toarray(), OWNED)
