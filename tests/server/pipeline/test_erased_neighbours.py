"""Others' answers after a deletion, of a really trained system: as if the row of the deleted user were empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shortlist_bundle import Bundle
from shortlist_core.types import Candidates
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store


@pytest.fixture(scope="module")
def trained(trained_bundle) -> Bundle:
    return trained_bundle.load()


def loaded(bundle: Bundle, retriever: Retriever) -> LoadedBundle:
    return LoadedBundle.assemble(bundle, retriever, Ranker.load(bundle), 1)


def with_empty_row(retriever: Retriever, row: int) -> Retriever:
    """The retriever of a bundle in whose arrays nothing is stored of one user."""
    sources = list(retriever.all_sources)
    [at] = [at for at, source in enumerate(sources) if isinstance(source, SimilarUsers)]
    similar = sources[at]
    takers, taken = similar.takers.tolil(), similar.taken.tolil()
    takers[:, row] = 0
    taken[row] = 0
    sources[at] = replace(similar, takers=takers.tocsr(), taken=taken.tocsr())
    return replace(retriever, all_sources=tuple(sources))


def answers(bundle: LoadedBundle, users: list[str]) -> Candidates:
    return bundle.retriever.retrieve(bundle.histories.queries(users), 40)


def test_a_deleted_user_is_nobodys_neighbour(trained: Bundle) -> None:
    retriever = Retriever.load(trained)
    bundle = loaded(trained, retriever)
    row = int(np.argmax(bundle.histories.events.lengths))
    users = [bundle.histories.ids[other] for other in range(60) if other != row]
    before = answers(bundle, users)
    store = open_store("sqlite::memory:")
    store.erase(bundle.histories.ids[row])
    bundle.forget([store])
    after, expected = answers(bundle, users), answers(loaded(trained, with_empty_row(retriever, row)), users)
    position = list(bundle.retriever.sources).index("similar_users")
    assert np.array_equal(after.items, expected.items)
    assert np.array_equal(after.scores[..., position], expected.scores[..., position])
    assert np.array_equal(after.ranks, expected.ranks)
    assert not np.array_equal(after.scores[..., position], before.scores[..., position])  # the row did shape answers
    store.close()
