"""Actions over the API: their weights decide the order, and each answer tells how likely they are where it is asked."""

from __future__ import annotations

from typing import Any

import pytest
from server_wire import Running, failure
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.action_pb2 import ActionWeight
from shortlist.v1.event_pb2 import EventType

VIEW, PURCHASE, DISLIKE = (EventType.Value(f"EVENT_TYPE_{name}") for name in ("VIEW", "PURCHASE", "DISLIKE"))


def weights(**of: float) -> list[ActionWeight]:
    return [ActionWeight(action=EventType.Value(f"EVENT_TYPE_{name}"), weight=weight) for name, weight in of.items()]


def ids(response: Any) -> list[str]:
    return [item.item_id for item in response.items]


async def test_weights_decide_the_order_and_make_the_score(running: Running) -> None:
    request = api.RecommendRequest(count=2, action_weights=weights(PURCHASE=3))
    answer = await running.api.Recommend(request)
    assert ids(answer) == ["i1", "i2"]
    assert answer.items[0].score == pytest.approx(3 * 0.01 / 4)
    both = await running.api.Recommend(api.RecommendRequest(count=1, action_weights=weights(VIEW=2, DISLIKE=-0.25)))
    assert both.items[0].score == pytest.approx(max(0.02 * i - 0.25 * min(0.01 * i * i, 1) for i in range(40)))


async def test_actions_that_the_bundle_does_not_have_leave_the_order_as_it_is(running: Running) -> None:
    usual = await running.api.Recommend(api.RecommendRequest(count=5))
    asked = await running.api.Recommend(api.RecommendRequest(count=5, action_weights=weights(LIKE=1)))
    assert [(item.item_id, item.score) for item in asked.items] == [(item.item_id, item.score) for item in usual.items]


async def test_probabilities_are_told_where_they_are_asked_for(running: Running) -> None:
    request = api.RecommendRequest(count=1, include_action_probabilities=True)
    [item] = (await running.api.Recommend(request)).items
    assert [each.action for each in item.action_probabilities] == [VIEW, PURCHASE, DISLIKE]
    told = [each.probability for each in item.action_probabilities]
    assert told == pytest.approx([0.39, 0.39 / 1600, 1])
    assert not (await running.api.Recommend(api.RecommendRequest(count=1))).items[0].action_probabilities


async def test_every_method_that_ranks_knows_actions(running: Running) -> None:
    asked = {"action_weights": weights(PURCHASE=1), "include_action_probabilities": True}
    ranked = await running.api.Rank(api.RankRequest(item_ids=["i9", "i1", "i20"], **asked))
    assert ids(ranked) == ["i1", "i9", "i20"]
    assert ranked.items[0].action_probabilities[1].probability == pytest.approx(0.01 / 4)
    queries = [api.BatchRecommendQuery(count=1), api.BatchRecommendQuery(count=1, **asked)]
    batch = await running.api.BatchRecommend(api.BatchRecommendRequest(queries=queries))
    usual, by_purchase = batch.recommendations
    assert (ids(usual), ids(by_purchase)) == (["i39"], ["i1"])
    assert len(by_purchase.items[0].action_probabilities) == 3 and not usual.items[0].action_probabilities
    stream = running.api.StreamRecommend(iter([api.StreamRecommendRequest(count=1, **asked)]))
    [streamed] = [message async for message in stream]
    assert ids(streamed.recommendation) == ["i1"]
    assert len(streamed.recommendation.items[0].action_probabilities) == 3


async def test_nothing_is_told_where_the_ranker_failed(running: Running) -> None:
    def broken(items: Any) -> Any:
        raise RuntimeError("no scores")

    running.system.ranker.scores = broken
    request = api.RecommendRequest(count=2, action_weights=weights(PURCHASE=1), include_action_probabilities=True)
    answer = await running.api.Recommend(request)
    assert answer.degraded
    assert not answer.items[0].action_probabilities


async def test_every_broken_weight_is_named(running: Running) -> None:
    sent = [
        *weights(PURCHASE=1, IMPRESSION=1),
        ActionWeight(action=PURCHASE, weight=float("nan")),
        ActionWeight(action=99, weight=1_000.1),  # type: ignore[arg-type]
        ActionWeight(weight=1),
    ]
    got = await failure(running.api.Recommend(api.RecommendRequest(action_weights=sent)))
    assert set(got.violations) == {
        "action_weights[1].action",
        "action_weights[2].action",
        "action_weights[2].weight",
        "action_weights[3].action",
        "action_weights[3].weight",
        "action_weights[4].action",
    }
    many = await failure(running.api.Rank(api.RankRequest(item_ids=["i1"], action_weights=[ActionWeight()] * 8)))
    assert "action_weights" in many.violations
