"""Filters in every method, and changes of items while many callers ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from conftest import Start
from server_wire import Running
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.catalog_service_pb2 import ItemAttribute, ItemInput
from shortlist.v1.filter_pb2 import Condition, ConditionList, Filter

from shortlist_bundle import BundleStore

CALLERS, CHANGES = 32, 25
ALL = [f"i{n}" for n in range(40)]
CHEAP = Filter(condition=Condition(price={"at_most": 10}))


async def upsert(running: Running, *items: ItemInput) -> None:
    await running.catalog.UpsertItems(catalog_api.UpsertItemsRequest(items=items))


async def recommended(running: Running, filter: Filter) -> list[str]:
    answer = await running.api.Recommend(api.RecommendRequest(count=500, candidate_count=500, filter=filter))
    return sorted(item.item_id for item in answer.items)


async def answers_of_all_methods(running: Running, filter: Filter) -> dict[str, list[str]]:
    """The ids that each method answers, of a caller who is nobody's user."""
    query = api.BatchRecommendQuery(count=500, filter=filter)
    batch = await running.api.BatchRecommend(api.BatchRecommendRequest(queries=[query]))
    stream = running.api.StreamRecommend(iter([api.StreamRecommendRequest(count=500, filter=filter)]))
    answers = {
        "Recommend": (await running.api.Recommend(api.RecommendRequest(count=500, filter=filter))).items,
        "BatchRecommend": batch.recommendations[0].items,
        "StreamRecommend": (await anext(aiter(stream))).recommendation.items,
        "Rank": (await running.api.Rank(api.RankRequest(item_ids=ALL, filter=filter))).items,
        "Retrieve": (await running.api.Retrieve(api.RetrieveRequest(candidate_count=500, filter=filter))).items,
        "SimilarItems": (
            await running.api.SimilarItems(api.SimilarItemsRequest(item_id="i9", count=500, filter=filter))
        ).items,
    }
    return {name: sorted(item.item_id for item in items) for name, items in answers.items()}


async def test_every_method_keeps_to_a_filter_of_several_kinds(running: Running) -> None:
    await upsert(
        running,
        ItemInput(item_id="i1", price=5, attributes=[ItemAttribute(key="colour", value="red|blue")]),
        ItemInput(item_id="i2", price=5, attributes=[ItemAttribute(key="colour", value="green")]),
        ItemInput(item_id="i3", price=5, attributes=[ItemAttribute(key="colour", value="red")], available=False),
        ItemInput(item_id="i4", price=50, attributes=[ItemAttribute(key="colour", value="red")]),
        ItemInput(item_id="i5", attributes=[ItemAttribute(key="litres", value="1.5")]),
    )
    red = Condition(attribute={"key": "colour", "any_of": ["red"]})
    cheap, there = Condition(price={"at_least": 5, "below": 50}), Condition(available=True)
    litres = Condition(number={"key": "litres", "range": {"above": 1}})
    offer = Condition(all_of=ConditionList(conditions=[red, cheap, there]))
    asked = Filter(condition=Condition(any_of=ConditionList(conditions=[offer, litres])))
    for name, found in (await answers_of_all_methods(running, asked)).items():
        assert found == ["i1", "i5"], name
    rest = Filter(condition=Condition(none_of=ConditionList(conditions=[red, litres])))
    for name, found in (await answers_of_all_methods(running, rest)).items():
        expected = {f"i{n}" for n in range(40)} - {"i1", "i3", "i4", "i5"}
        assert set(found) == expected - ({"i9"} if name == "SimilarItems" else set()), name


async def test_new_items_are_in_answers_to_filters_that_they_meet(running: Running) -> None:
    await upsert(running, ItemInput(item_id="new", price=0.5))
    half = Filter(condition=Condition(all_of={"conditions": [CHEAP.condition, Condition(price={"below": 1})]}))
    while await recommended(running, half) != ["new"]:  # the models take it in within a second
        await asyncio.sleep(0.01)
    young = Condition(age={"at_most_seconds": 3_600})
    assert await recommended(running, Filter(condition=young)) == ["new"]
    await upsert(running, ItemInput(item_id="new", price=0.7))  # it keeps the time at which it first came
    told = (await running.catalog.GetItem(catalog_api.GetItemRequest(item_id="new"))).item
    assert told.HasField("release_time") and told.release_time.ToMicroseconds() < told.update_time.ToMicroseconds()
    assert told.available


async def test_what_is_said_of_an_item_is_told(running: Running) -> None:
    item = ItemInput(item_id="i4", available=False, release_time={"seconds": 5, "nanos": 1_000})
    await upsert(running, item)
    told = (await running.catalog.GetItem(catalog_api.GetItemRequest(item_id="i4"))).item
    assert not told.available and told.release_time.ToMicroseconds() == 5_000_001
    await upsert(running, ItemInput(item_id="i4"))  # unset: can be had, and the time as before
    told = (await running.catalog.GetItem(catalog_api.GetItemRequest(item_id="i4"))).item
    assert told.available and told.release_time.ToMicroseconds() == 5_000_001


async def keep_asking(running: Running, state: list[int], stop: Callable[[], bool]) -> int:
    """Ask until the end; how many answers were checked. Even states: the item is cheap; odd ones: it is not."""
    checked = 0
    while not stop():
        before = state[0]
        found = "i7" in await recommended(running, CHEAP)
        if before == state[0] and before >= 0:  # it was so all the time, from before the request to after the answer
            assert found is (before % 2 == 0)
            checked += 1
    return checked


@pytest.mark.parametrize("elsewhere", [False, True], ids=["the same server", "another server on the store"])
@pytest.mark.parametrize("reuse", [0, 60], ids=["computed", "cached"])
async def test_no_answer_breaks_a_filter_after_a_change_was_acknowledged(
    start: Start, published: BundleStore, elsewhere: bool, reuse: float
) -> None:
    """Followers sleep, so nothing but what is looked up before an answer can bring the change."""
    asked = await start(catalog_poll_seconds=3_600.0, reuse_seconds=reuse)
    told = await start(follow=True, catalog_poll_seconds=3_600.0) if elsewhere else asked
    while not told.server.deployments[""].engine.serving:  # it loads a bundle of its own
        await asyncio.sleep(0.01)
    state, done = [-1], asyncio.Event()
    askers = [asyncio.create_task(keep_asking(asked, state, done.is_set)) for _ in range(CALLERS)]
    for number in range(CHANGES):
        state[0] = -1  # from now until the acknowledgement either answer is right
        await upsert(told, ItemInput(item_id="i7", price=5 if number % 2 == 0 else 50))
        state[0] = number
        await recommended(asked, CHEAP)
        await recommended(asked, CHEAP)
    done.set()
    assert sum(await asyncio.gather(*askers)) > CALLERS
