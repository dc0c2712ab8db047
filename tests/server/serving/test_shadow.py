"""A second bundle ranks what the first has answered: what is found out, and that nobody waits for it."""

from __future__ import annotations

import threading

import pytest
from bundle_calls import CANARY, SHADOW, activate, best, rollback, serving, until
from conftest import Start
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.placement_pb2 import Placement, Tiring
from shortlist.v1.placement_service_pb2 import SetPlacementsRequest
from waiting import eventually_async

from shortlist_bundle import BundleStore
from shortlist_server.serving.shadow import WAITING
from shortlist_server.serving.shadow_comparison import ShadowComparison


async def test_the_same_requests_are_ranked_by_the_shadow_and_compared(
    following: Running, published: BundleStore
) -> None:
    first, second, _ = published.versions()
    assert (await activate(following, second, SHADOW)).shadow.bundle_version == second
    for user in ("ann", "bob", ""):
        answer = await following.api.Recommend(api.RecommendRequest(user_id=user, count=2))
        assert answer.bundle_version == first
    shadow = (await until(following, lambda state: state.shadow.compared_count == 3)).shadow
    assert (shadow.mean_overlap, shadow.mean_rank_correlation) == (1, 1)
    assert shadow.mean_score_difference == pytest.approx(0.01 * 38.5)  # items 39 and 38, twice the points
    assert shadow.mean_stable_micros > 0 and shadow.mean_shadow_micros > 0
    assert (shadow.dropped_count, shadow.failed_count) == (0, 0)
    assert not (await rollback(following, SHADOW)).HasField("shadow")


async def test_a_shadow_that_hangs_delays_nobody_and_drops(start: Start, published: BundleStore) -> None:
    following = await start(follow=True, reuse_seconds=0)  # one that was answered before would not be compared again
    second = published.versions()[1]
    await activate(following, second, SHADOW)
    shadow, free = following.server.engine.ready().shadow, threading.Event()
    assert shadow is not None
    shadow.bundle.ranker.before = lambda: free.wait(60)  # type: ignore[attr-defined]
    try:
        for _ in range(WAITING + 6):
            await best(following)
        state = await serving(following)
        assert state.shadow.compared_count == 0
        assert state.shadow.dropped_count in (5, 6)  # one is in work, or was about to be
    finally:
        free.set()
    assert (await until(following, lambda state: state.shadow.compared_count >= WAITING)).shadow.failed_count == 0


async def test_a_shadow_that_fails_is_counted_and_harms_nobody(following: Running, published: BundleStore) -> None:
    first, second, _ = published.versions()
    await activate(following, second, SHADOW)
    shadow = following.server.engine.ready().shadow
    assert shadow is not None
    object.__setattr__(shadow.bundle, "histories", None)
    assert (await best(following))[0] == first
    assert (await until(following, lambda state: state.shadow.failed_count == 1)).shadow.compared_count == 0


async def test_the_shadow_forgets_who_was_deleted(following: Running, published: BundleStore) -> None:
    await activate(following, published.versions()[1], SHADOW)
    await following.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    answer = await following.api.Recommend(api.RecommendRequest(user_id="ann", count=40))
    assert len(answer.items) == 40  # also the three that both bundles know ann by
    shadow = (await until(following, lambda state: state.shadow.compared_count == 1)).shadow
    assert (shadow.mean_overlap, shadow.failed_count) == (1, 0)


async def test_answers_of_the_canary_are_not_compared(following: Running, published: BundleStore) -> None:
    _, second, third = published.versions()
    await activate(following, second, CANARY, 1)
    await activate(following, third, SHADOW)
    await best(following, "ann")  # the canary's
    await best(following, "")  # stable's
    state = await until(following, lambda state: state.shadow.compared_count == 1)
    assert state.canary.canary_counts.request_count == 1 and state.canary.stable_counts.request_count == 1


def test_differences_of_two_answers() -> None:
    sums = ShadowComparison().with_pair(
        {"a": 0.5, "b": 0.4, "c": 0.3, "d": 0.1}, {"c": 0.5, "b": 0.4, "x": 0.3, "a": 0.2}, 10, 30
    )
    assert (sums.compared, sums.correlated, sums.overlap) == (1, 1, 0.75)
    assert sums.correlation == -1  # a, b, c here; c, b, a there
    assert sums.score_difference == pytest.approx((0.3 + 0 + 0.2) / 3)
    sums = sums.with_pair({"a": 1.0}, {"b": 1.0}, 1, 1).with_pair({}, {}, 1, 1)
    assert (sums.compared, sums.correlated, sums.overlap) == (3, 1, 1.75)  # two empty answers are alike
    assert (sums.stable_micros, sums.shadow_micros) == (12, 32)


async def test_impressions_of_the_answer_itself_do_not_tire_items_in_the_shadow(
    start: Start, published: BundleStore
) -> None:
    following = await start(follow=True)
    home = Placement(name="home", count_impressions=True, tiring=Tiring(per_impression=0.01))
    await following.placements.SetPlacements(SetPlacementsRequest(placements=[home]))
    await activate(following, published.versions()[1], SHADOW)
    shadow, free = following.server.engine.ready().shadow, threading.Event()
    assert shadow is not None
    shadow.bundle.ranker.before = lambda: free.wait(60)  # type: ignore[attr-defined]
    try:
        await best(following)  # the shadow is at work on this one while the next is answered and counted
        await following.api.Recommend(api.RecommendRequest(user_id="ann", count=5, placement="home"))
        await eventually_async(lambda: len(following.store.read(["ann"], 10)[0].impressions) == 5)
    finally:
        free.set()
    assert (await until(following, lambda state: state.shadow.compared_count == 2)).shadow.mean_overlap == 1
