from dataclasses import replace

import numpy as np
import pytest

from shortlist_retrieval.sources import similar_users
from shortlist_retrieval.sources.similar_users import SHRINKAGE, SimilarUsers


def test_by_hand(queries_of):
    source = SimilarUsers.of_histories(queries_of([[0, 1, 2], [0, 3], [4]]), 5, np.inf)
    scores = source.scores(queries_of([[0, 1]])).at(np.arange(5, dtype=np.int32)[None])[0]
    near, far = 2 / (np.sqrt(2 * 3) + SHRINKAGE), 1 / (np.sqrt(2 * 2) + SHRINKAGE)
    assert scores == pytest.approx([near + far, near, near, far, 0], abs=1e-6)


def test_what_they_took_lately_counts_more(queries_of):
    people = queries_of([[0, 1, 2]], times=[[50, 90, 99]], now=100)
    scores = (
        SimilarUsers.of_histories(people, 3, 1.0).scores(queries_of([[0]])).at(np.arange(3, dtype=np.int32)[None])[0]
    )
    assert scores[2] / scores[1] == pytest.approx(2**9, rel=1e-4)


def test_an_item_remembers_its_newest_users(queries_of, monkeypatch):
    monkeypatch.setattr(similar_users, "USERS_PER_ITEM", 1)
    people = queries_of([[0, 1], [0, 2]], times=[[10, 11], [90, 91]], now=100)
    scores = (
        SimilarUsers.of_histories(people, 3, 20.0).scores(queries_of([[0]])).at(np.arange(3, dtype=np.int32)[None])[0]
    )
    assert scores[1] == 0 < scores[2]


@pytest.mark.parametrize("erased", [[0], [1, 2], [0, 1, 2, 3]])
def test_without_users_it_scores_as_if_their_rows_were_empty(queries_of, erased):
    people = queries_of([[0, 1, 2], [0, 3], [4, 0], [2, 3]], times=[[1, 2, 3], [4, 5], [6, 7], [8, 9]], now=10)
    asked = queries_of([[0, 1], [3], [], [0, 4]])
    source = SimilarUsers.of_histories(people, 5, 3.0)
    emptied = SimilarUsers(source.takers.tolil(), source.taken.tolil(), source.sizes)
    emptied.takers[:, erased] = 0
    emptied.taken[erased] = 0
    emptied = replace(emptied, takers=emptied.takers.tocsr(), taken=emptied.taken.tocsr())
    rows = np.arange(5, dtype=np.int32)[None].repeat(4, axis=0)
    expected = emptied.scores(asked)
    answer = source.without_users(np.array(erased, np.int32)).scores(asked)
    assert np.array_equal(answer.at(rows), expected.at(rows))
    assert np.array_equal(np.sort(answer.top(5)), np.sort(expected.top(5)))  # not even with a score of 0
    assert not np.array_equal(answer.at(rows), source.scores(asked).at(rows))
