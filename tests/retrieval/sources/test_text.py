import numpy as np

from shortlist_retrieval.sources.text import text_weights


def tokens(*rows):
    width = max(len(row) for row in rows)
    return np.array([[*row, *[0] * (width - len(row))] for row in rows], np.int32)


def test_a_rare_word_in_common_says_more_than_a_frequent_one():
    weights = text_weights(tokens([2, 3], [2, 4], [3, 5], [3, 6], [3, 7], [2, 3])).toarray()
    assert weights[0, 5] > weights[0, 1] > 0, "all words, then one"
    assert weights[0, 1] > weights[0, 2], "token 3 is in five items, token 2 in three"


def test_alike_both_ways_never_to_itself():
    weights = text_weights(tokens([2, 3], [2, 3], [3, 4], [4])).toarray()
    assert np.allclose(weights, weights.T)
    assert not np.diag(weights).any()
    assert weights.max() <= 1 + 1e-6


def test_an_item_without_words_has_no_neighbours():
    weights = text_weights(tokens([], [2], [2], [9])).toarray()
    assert not weights[0].any()
    assert not weights[3].any(), "a word of its own alone"
    assert weights[1, 2] > 0


def test_word_order_and_repeats_do_not_count():
    weights = text_weights(tokens([2, 3, 3], [3, 2], [2, 3], [4, 4], [4])).toarray()
    assert np.isclose(weights[0, 1], weights[0, 2])
