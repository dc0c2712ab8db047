from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import server_fakes as fakes
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent, EventType
from shortlist.v1.filter_pb2 import Filter, SeenItemsPolicy
from shortlist.v1.recommendation_pb2 import ReasonKind

from shortlist_server.system.loaded_bundle import LoadedBundle

KEEP = SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP
ALL = {f"i{i}" for i in range(fakes.ITEMS)}


def ids(response) -> list[str]:
    return [item.item_id for item in response.items]


async def test_recommend_answers_by_the_rankers_order_with_title_score_source_and_reason(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(request_id="r1", user_id="ann", count=3))
    assert ids(response) == ["i39", "i38", "i37"]
    assert (response.request_id, response.bundle_version) == ("r1", running.system.version)
    first = response.items[0]
    assert (first.title, first.score) == ("Item number 39", pytest.approx(0.39))
    assert [(hit.name, hit.rank) for hit in first.sources] == [("popular_14d", 40)]
    assert first.reason.kind == ReasonKind.REASON_KIND_HISTORY_ITEM
    assert first.reason.text == "Because you chose Item number 3: often chosen together."  # an impression has no verb
    assert (first.reason.anchor_item_id, first.reason.source, first.reason.share) == ("i3", "item_item", 0.75)
    assert not response.degraded and not response.trace


async def test_an_unknown_user_gets_popular_items_and_no_error(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(user_id="nobody knows", count=2))
    assert len(response.items) == 2
    assert response.items[0].reason.kind == ReasonKind.REASON_KIND_POPULAR
    assert response.items[0].reason.text == "Popular in the last 14 days."


async def test_a_request_without_an_id_gets_one_of_its_own(running: Running) -> None:
    first = await running.api.Recommend(api.RecommendRequest())
    second = await running.api.Recommend(api.RecommendRequest())
    assert first.request_id and second.request_id and first.request_id != second.request_id


async def test_the_attribution_token_tells_request_and_bundle(running: Running) -> None:
    request = api.RecommendRequest(request_id="\U0001f375" * 128)
    token = (await running.api.Recommend(request)).attribution_token
    content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert content == [request.request_id, running.system.version, 0]
    assert len(token) <= 1_024


async def test_seen_items_are_dropped_but_not_what_was_only_shown(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=500))
    assert set(ids(response)) == ALL - {"i0", "i1", "i2"}  # viewed, bought, disliked; i3 was an impression


async def test_seen_items_may_be_kept(running: Running) -> None:
    request = api.RecommendRequest(user_id="ann", count=500, seen_items_policy=KEEP)
    assert set(ids(await running.api.Recommend(request))) == ALL


async def test_excluded_items_stay_out_and_unknown_ones_do_no_harm(running: Running) -> None:
    request = api.RecommendRequest(count=500, excluded_item_ids=["i39", "i39", "never heard of", "i7"])
    assert set(ids(await running.api.Recommend(request))) == ALL - {"i39", "i7"}


@pytest.mark.parametrize("obeys", [True, False], ids=["sources obey", "sources do not"])
async def test_no_rule_is_broken_whatever_the_sources_propose(running: Running, obeys: bool) -> None:
    running.system.retriever.obeys = obeys
    request = api.RecommendRequest(user_id="ann", count=500, excluded_item_ids=["i39"])
    request.filter.included_categories.extend(["tea", "mugs", "no such"])
    request.filter.excluded_categories.append("mugs")
    answer = await running.api.Recommend(request)
    assert set(ids(answer)) == {f"i{i}" for i in range(0, 39, 3)} - {"i0"}


async def test_a_category_that_no_item_has_matches_nothing(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(filter=Filter(included_categories=["no such"])))
    assert not response.items and not response.degraded


async def test_a_filter_that_only_excludes_lets_the_others_through(running: Running) -> None:
    request = api.RecommendRequest(count=500, filter=Filter(excluded_categories=["tea"]))
    assert set(ids(await running.api.Recommend(request))) == {f"i{i}" for i in range(40) if i % 3}


async def test_count_defaults_to_twenty_and_is_never_exceeded(running: Running) -> None:
    assert len((await running.api.Recommend(api.RecommendRequest())).items) == 20
    assert len((await running.api.Recommend(api.RecommendRequest(count=1))).items) == 1
    assert len((await running.api.Recommend(api.RecommendRequest(count=500))).items) == fakes.ITEMS


async def test_fewer_candidates_than_count_are_taken_as_count(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(count=7, candidate_count=2))
    assert ids(response) == ["i6", "i5", "i4", "i3", "i2", "i1", "i0"]


async def test_context_events_of_a_stateless_caller_count_as_history(running: Running) -> None:
    bought = ContextEvent(item_id="i39", event_type=EventType.EVENT_TYPE_PURCHASE)
    unknown = ContextEvent(item_id="not in this bundle")
    response = await running.api.Recommend(api.RecommendRequest(context_events=[bought, unknown], count=2))
    assert ids(response) == ["i38", "i37"]
    assert response.items[0].reason.text == "Because you bought Item number 39: often chosen together."


async def test_context_events_are_sorted_into_the_stored_history_by_time(running: Running) -> None:
    old, new = ContextEvent(item_id="i7"), ContextEvent(item_id="i8")
    old.event_time.FromMicroseconds(fakes.AS_OF - 3 * fakes.DAY - 1)
    new.event_time.FromMicroseconds(fakes.AS_OF + 7)
    await running.api.Recommend(api.RecommendRequest(user_id="ann", context_events=[new, old]))
    [queries] = running.system.retriever.queries
    assert queries.history(0).tolist() == [0, 1, 7, 2, 3, 8]
    assert queries.now.tolist() == [fakes.AS_OF + 7]


async def test_time_stands_still_at_the_bundles_where_nothing_newer_is_known(running: Running) -> None:
    await running.api.Recommend(api.RecommendRequest(user_id="ann"))
    assert running.system.retriever.queries[0].now.tolist() == [fakes.AS_OF]


async def test_the_largest_finite_value_does_not_become_infinite(running: Running) -> None:
    event = ContextEvent(item_id="i1", value=1.7e308)
    await running.api.Recommend(api.RecommendRequest(context_events=[event]))
    assert 1e38 < running.system.retriever.queries[0].values[0] < float("inf")


async def test_a_batch_answers_in_order_and_exactly_as_single_requests_do(running: Running) -> None:
    queries = [
        api.BatchRecommendQuery(user_id="ann", count=5),
        api.BatchRecommendQuery(user_id="bob", count=3, candidate_count=6),
        api.BatchRecommendQuery(user_id="ann", filter=Filter(included_categories=["tea"])),
        api.BatchRecommendQuery(context_events=[ContextEvent(item_id="i39")], excluded_item_ids=["i38"]),
        api.BatchRecommendQuery(user_id="bob", seen_items_policy=KEEP, count=500),
    ]
    batch = await running.api.BatchRecommend(api.BatchRecommendRequest(request_id="b", queries=queries))
    assert (batch.request_id, batch.bundle_version) == ("b", running.system.version)
    for query, answer in zip(queries, batch.recommendations, strict=True):
        alone = api.RecommendRequest.FromString(b"")
        for field, value in query.ListFields():
            getattr(alone, field.name).extend(value) if field.is_repeated else _set(alone, field.name, value)
        assert list((await running.api.Recommend(alone)).items) == list(answer.items)


def _set(message, name: str, value) -> None:
    getattr(message, name).CopyFrom(value) if hasattr(value, "CopyFrom") else setattr(message, name, value)


async def test_a_batch_of_like_queries_takes_one_retrieval_and_one_model_call(running: Running) -> None:
    queries = [api.BatchRecommendQuery(user_id=f"user {i}") for i in range(16)]
    response = await running.api.BatchRecommend(api.BatchRecommendRequest(queries=queries))
    assert len(response.recommendations) == 16
    assert running.system.retriever.calls == ["retrieve"]
    assert running.system.ranker.calls == 1


async def test_retrieve_answers_candidates_in_the_order_of_the_sources(running: Running) -> None:
    response = await running.api.Retrieve(api.RetrieveRequest(user_id="ann", candidate_count=3))
    assert ids(response) == ["i3", "i4", "i5"]
    assert [item.score for item in response.items] == pytest.approx([0.97, 0.96, 0.95])
    assert running.system.ranker.calls == 0


async def test_rank_orders_the_callers_candidates_and_lists_the_unknown(running: Running) -> None:
    asked = ["i1", "who?", "i30", "i1", "i2", "what?", "who?"]
    response = await running.api.Rank(api.RankRequest(user_id="ann", item_ids=asked))
    assert ids(response) == ["i30", "i2", "i1"]  # seen ones too
    assert list(response.unknown_item_ids) == ["who?", "what?"]
    assert [item.score for item in response.items] == pytest.approx([0.30, 0.02, 0.01])


async def test_rank_tells_which_candidates_the_filter_ruled_out(running: Running) -> None:
    tea = Filter(included_categories=["tea"])  # i0, i3, ...
    response = await running.api.Rank(api.RankRequest(item_ids=["i1", "who?", "i3", "i30", "i2"], filter=tea))
    assert ids(response) == ["i30", "i3"]
    assert (list(response.unknown_item_ids), list(response.filtered_item_ids)) == (["who?"], ["i1", "i2"])
    nothing = await running.api.Rank(api.RankRequest(item_ids=["i1"], filter=tea))
    assert not nothing.items and list(nothing.filtered_item_ids) == ["i1"]


async def test_rank_of_nothing_but_unknown_candidates_is_an_answer(running: Running) -> None:
    response = await running.api.Rank(api.RankRequest(item_ids=["who?"]))
    assert not response.items and list(response.unknown_item_ids) == ["who?"]


async def test_similar_items_never_hold_the_item_itself_nor_what_is_ruled_out(running: Running) -> None:
    request = api.SimilarItemsRequest(item_id="i10", count=3, excluded_item_ids=["i11"])
    request.filter.excluded_categories.append("tea")  # i9, i12
    assert ids(await running.api.SimilarItems(request)) == ["i7", "i8", "i13"]


async def test_every_score_on_the_wire_is_finite(running: Running, system: LoadedBundle) -> None:
    system.ranker.scores = lambda items: np.full(items.shape, np.inf)
    for response in (
        await running.api.Recommend(api.RecommendRequest(count=40)),
        await running.api.Rank(api.RankRequest(item_ids=sorted(ALL))),
    ):
        assert all(0 <= item.score <= 1 for item in response.items)
