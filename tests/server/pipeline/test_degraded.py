from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import server_fakes as fakes
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.recommendation_pb2 import Degradation
from waiting import eventually_async

from shortlist_core.errors import StateError
from shortlist_server.system.loaded_bundle import LoadedBundle

LATE = Degradation.DEGRADATION_RANKER_LATE
SKIPPED = Degradation.DEGRADATION_RANKER_SKIPPED
SOURCE = Degradation.DEGRADATION_SOURCE_FAILED
POPULAR = Degradation.DEGRADATION_POPULAR_FALLBACK
STATE = Degradation.DEGRADATION_STATE_UNAVAILABLE


def broken() -> None:
    raise RuntimeError("out of order")


def ids(response) -> list[str]:
    return [item.item_id for item in response.items]


@pytest.fixture
def stuck(system: LoadedBundle) -> Iterator[threading.Event]:
    """A ranker that does not return until the event is set."""
    free = threading.Event()
    system.ranker.before = lambda: free.wait(30)
    yield free
    free.set()


async def test_a_ranker_that_raises_leaves_retrieval_order_and_says_so(running: Running) -> None:
    running.system.ranker.before = broken
    response = await running.api.Recommend(api.RecommendRequest(count=3))
    assert ids(response) == ["i0", "i1", "i2"]
    assert list(response.degraded) == [SKIPPED]
    assert [item.score for item in response.items] == pytest.approx([1.0, 0.99, 0.98])


async def test_a_ranker_that_hangs_leaves_retrieval_order_within_the_deadline(
    running: Running, stuck: threading.Event
) -> None:
    started = time.monotonic()
    response = await running.api.Recommend(api.RecommendRequest(count=3), timeout=1.0)
    assert time.monotonic() - started < 1.0
    assert ids(response) == ["i0", "i1", "i2"]
    assert list(response.degraded) == [LATE]


async def test_while_the_ranker_hangs_later_calls_do_not_wait_for_it_and_it_is_used_again_afterwards(
    running: Running, stuck: threading.Event
) -> None:
    for _ in range(3):
        response = await running.api.Recommend(api.RecommendRequest(count=1), timeout=0.8)
        assert list(response.degraded) == [LATE]
    assert running.system.ranker.calls == 1
    running.system.ranker.before = lambda: None
    stuck.set()
    for _ in range(200):
        response = await running.api.Recommend(api.RecommendRequest(count=1), timeout=5)
        if not response.degraded:
            break
    assert ids(response) == ["i39"] and not response.degraded


async def test_a_ranker_that_hangs_for_who_has_time_does_not_cost_those_behind_their_deadline(
    running: Running, stuck: threading.Event
) -> None:
    patient = asyncio.ensure_future(running.api.Recommend(api.RecommendRequest(count=3)))
    await eventually_async(lambda: running.system.ranker.calls)
    for request in (running.api.Recommend(api.RecommendRequest(count=3), timeout=4), patient):
        response = await request
        assert ids(response) == ["i0", "i1", "i2"]
        assert list(response.degraded) == [LATE]


async def test_without_a_deadline_a_slow_ranker_is_waited_for(running: Running) -> None:
    running.system.ranker.before = lambda: time.sleep(0.3)
    response = await running.api.Recommend(api.RecommendRequest(count=1))
    assert ids(response) == ["i39"] and not response.degraded


async def test_nan_and_infinite_scores_never_win(running: Running) -> None:
    def scores(items):
        some = items / 100
        return np.where(items == 39, np.nan, np.where(items == 38, np.inf, some))

    running.system.ranker.scores = scores
    response = await running.api.Recommend(api.RecommendRequest(count=40))
    assert ids(response)[:2] == ["i37", "i36"]
    assert set(ids(response)[-2:]) == {"i38", "i39"}
    assert not response.degraded


async def test_scores_that_are_all_nan_count_as_no_ranking(running: Running) -> None:
    running.system.ranker.scores = lambda items: items * np.nan
    response = await running.api.Recommend(api.RecommendRequest(count=2))
    assert ids(response) == ["i0", "i1"] and list(response.degraded) == [SKIPPED]


async def test_scores_of_the_wrong_shape_count_as_no_ranking(running: Running) -> None:
    running.system.ranker.rank = lambda queries, candidates: np.ones((1, 3), np.float32)
    response = await running.api.Recommend(api.RecommendRequest(count=2))
    assert ids(response) == ["i0", "i1"] and list(response.degraded) == [SKIPPED]


async def test_a_failed_source_is_flagged_and_the_others_answer(running: Running) -> None:
    running.system.retriever.failed = ("item_item",)
    response = await running.api.Recommend(api.RecommendRequest(count=1))
    assert ids(response) == ["i39"] and list(response.degraded) == [SOURCE]


async def test_retrieval_that_raises_is_answered_with_popular_items_that_keep_the_rules(running: Running) -> None:
    running.system.retriever.before = broken
    request = api.RecommendRequest(user_id="ann", count=500, excluded_item_ids=["i39"])
    request.filter.included_categories.append("tea")
    response = await running.api.Recommend(request)
    assert set(ids(response)) == {f"i{i}" for i in range(3, 39, 3)}
    assert list(response.degraded) == [SOURCE, POPULAR]


async def test_the_popular_items_do_where_a_filter_lets_none_of_them_through(running: Running) -> None:
    running.system.retriever.before = broken
    running.system.online_popularity.popular = running.system.popular.part(slice(None), slice(0, 3))
    request = api.RecommendRequest(user_id="ann", count=500, excluded_item_ids=["i39"])
    request.filter.condition.none_of.conditions.add().category.any_of.append("tea")
    response = await running.api.Recommend(request)
    assert ids(response)[0] not in ("i0", "i1", "i2")
    assert set(ids(response)) == {f"i{i}" for i in range(40) if i % 3} - {"i1", "i2"}
    assert list(response.degraded) == [SOURCE, POPULAR]


async def test_retrieval_that_comes_back_empty_is_answered_with_popular_items(running: Running) -> None:
    running.system.retriever.empty = True
    response = await running.api.Recommend(api.RecommendRequest(count=500, candidate_count=5))
    assert len(response.items) == fakes.ITEMS and list(response.degraded) == [POPULAR]


async def test_similar_items_and_rank_outlive_a_broken_retriever(running: Running) -> None:
    running.system.retriever.before = broken
    similar = await running.api.SimilarItems(api.SimilarItemsRequest(item_id="i0", count=2))
    assert ids(similar) == ["i1", "i2"] and POPULAR in similar.degraded
    ranked = await running.api.Rank(api.RankRequest(item_ids=["i5", "i9"]))
    assert set(ids(ranked)) == {"i5", "i9"} and SOURCE in ranked.degraded


async def test_rank_without_the_ranker_stands_in_the_order_of_the_sources(running: Running) -> None:
    running.system.ranker.before = broken
    response = await running.api.Rank(api.RankRequest(item_ids=["i9", "i5"]))
    assert ids(response) == ["i5", "i9"] and list(response.degraded) == [SKIPPED]


async def test_a_store_that_is_gone_leaves_the_bundles_history_and_says_so(running: Running, monkeypatch) -> None:
    def gone(user_id: str, limit: int) -> None:
        raise StateError("the disk is away")

    monkeypatch.setattr(running.store, "read", gone)
    response = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=500))
    assert list(response.degraded) == [STATE]
    assert not {"i0", "i1"} & set(ids(response))  # what the bundle knows is still dropped


async def test_reasons_and_variety_that_fail_cost_only_themselves(running: Running, monkeypatch) -> None:
    monkeypatch.setattr(running.system.retriever, "reasons", lambda queries, candidates: broken())
    monkeypatch.setattr(running.system.ranker, "vectors", lambda items: broken())
    response = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=2, diversity=0.5))
    assert ids(response) == ["i39", "i38"]
    assert not response.items[0].reason.text
