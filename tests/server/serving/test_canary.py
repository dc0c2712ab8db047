"""A share of the users on another bundle: who is on it, and what ends it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from bundle_calls import CANARY, SHADOW, STABLE, activate, best, rollback, serving, until
from conftest import Start
from server_wire import Running, failure
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_bundle import BundleStore
from shortlist_server.serving.routing import is_on_canary

USERS = [f"u{n}" for n in range(80)]


async def sides(running: Running) -> dict[str, str]:
    return {user: (await best(running, user))[0] for user in USERS}


async def test_a_share_of_the_users_is_answered_by_the_canary_and_stays_there(
    start: Start, following: Running, published: BundleStore
) -> None:
    first, second, _ = published.versions()
    state = await activate(following, second, CANARY, 0.3)
    assert (state.stable_bundle_version, state.canary.bundle_version) == (first, second)
    assert state.canary.user_share == pytest.approx(0.3)
    side = await sides(following)
    assert set(side.values()) == {first, second}
    assert 0.1 < list(side.values()).count(second) / len(USERS) < 0.5
    for user in USERS[:20]:
        assert await best(following, user) == (side[user], 0.02 if side[user] == second else 0.01)
    assert await sides(await start(follow=True)) == side  # another process of the same folder, or this one later
    await activate(following, second, CANARY, 0.6)
    wider = await sides(following)
    assert {user for user in USERS if side[user] == second} < {user for user in USERS if wider[user] == second}
    state = await rollback(following, CANARY)
    assert not state.HasField("canary")
    assert set((await sides(following)).values()) == {first}


async def test_every_answer_for_one_user_comes_from_the_users_side(following: Running, published: BundleStore) -> None:
    first, second, _ = published.versions()
    await activate(following, second, CANARY, 1)
    stub = following.api
    assert (await stub.Retrieve(api.RetrieveRequest(user_id="ann"))).bundle_version == second
    assert (await stub.Rank(api.RankRequest(user_id="ann", item_ids=["i1"]))).bundle_version == second
    stream = stub.StreamRecommend(iter([api.StreamRecommendRequest(user_id="ann"), api.StreamRecommendRequest()]))
    assert [answer.bundle_version async for answer in stream] == [second, first]  # nobody's side is stable
    batch = api.BatchRecommendRequest(queries=[api.BatchRecommendQuery(user_id="ann")])
    assert (await stub.BatchRecommend(batch)).bundle_version == first
    assert (await stub.SimilarItems(api.SimilarItemsRequest(item_id="i1"))).bundle_version == first


async def test_a_canary_that_becomes_stable_is_no_canary_any_more(following: Running, published: BundleStore) -> None:
    first, second, _ = published.versions()
    await activate(following, second, CANARY, 0.5)
    state = await activate(following, second, STABLE)
    assert (state.stable_bundle_version, state.previous_bundle_version) == (second, first)
    assert not state.HasField("canary") and published.labels().canary is None


@pytest.mark.parametrize(("how", "said"), [("degraded", "degraded"), ("error", "failed")])
async def test_a_canary_that_does_worse_than_stable_is_taken_off_for_everybody(
    start: Start, published: BundleStore, how: str, said: str
) -> None:
    settings = {"bundle_poll_seconds": 0.05, "canary_least_requests": 20}
    running, other = [await start(follow=True, **settings) for _ in range(2)]
    first, second, _ = published.versions()
    await activate(running, second, CANARY, 0.5)
    await until(other, lambda state: state.canary.bundle_version == second)
    broken = running.server.engine.ready().canary
    assert broken is not None

    def breaks(*_: Any) -> None:
        raise RuntimeError("a bad bundle")

    if how == "degraded":
        broken.bundle.ranker.before = breaks  # type: ignore[attr-defined]
    else:
        object.__setattr__(broken.bundle, "histories", type("Broken", (), {"queries": breaks})())
    failed = 0
    for user in USERS:
        try:
            await running.api.Recommend(api.RecommendRequest(user_id=user, count=1))
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.INTERNAL
            failed += 1
    assert failed == (20 if how == "error" else 0)
    for each in (running, other):
        state = await until(each, lambda state: state.HasField("canary_rollback"))
        assert (state.canary_rollback.bundle_version, state.HasField("canary")) == (second, False)
        assert f"100.0% of 20 requests {said}" in state.canary_rollback.reason
        assert set((await sides(each)).values()) == {first}
    await activate(running, second, CANARY, 0.5)  # mended, or the operator knows better: a new try
    assert not (await serving(running)).HasField("canary_rollback")
    await until(other, lambda state: state.HasField("canary"))
    assert set((await sides(other)).values()) == {first, second}


async def test_a_canary_goes_here_even_if_the_folder_cannot_be_written(
    start: Start, published: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await start(follow=True, bundle_poll_seconds=0.05, canary_least_requests=5)
    first, second, _ = published.versions()
    await activate(running, second, CANARY, 1)

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(BundleStore, "take_off", full)
    running.server.engine.ready().canary.bundle.ranker.before = full  # type: ignore[union-attr, attr-defined]
    for user in USERS[:10]:
        await best(running, user)
    assert (await best(running))[0] == first
    published.set_shadow(published.versions()[2])  # the folder is looked at again, and still asks for that canary
    await until(running, lambda state: state.HasField("shadow"))
    assert (await best(running))[0] == first


def test_sides_follow_from_user_and_version_alone() -> None:
    version = "20261122-154250-1f3a9c"
    on = {user for user in map(str, range(10_000)) if is_on_canary(user, version, 0.05)}
    assert 400 < len(on) < 600
    assert on < {user for user in map(str, range(10_000)) if is_on_canary(user, version, 0.2)}
    other = {user for user in map(str, range(10_000)) if is_on_canary(user, "20261123-154250-1f3a9c", 0.05)}
    assert len(on & other) < 60
    assert not is_on_canary("", version, 1) and is_on_canary("anybody", version, 1)
    pinned = [user for user in "abcdefgh" if is_on_canary(user, version, 0.5)]
    assert pinned == list("dfgh")  # no release may move users between the sides of a canary


@pytest.mark.parametrize("hurried", [0.006, 0.03])
async def test_one_caller_in_a_hurry_cannot_vote_a_canary_off(
    start: Start, published: BundleStore, hurried: float
) -> None:
    running = await start(follow=True, canary_least_requests=4)
    _, second, _ = published.versions()
    await activate(running, second, CANARY, 0.5)
    on_canary = [user for user in USERS if is_on_canary(user, second, 0.5)]
    for user in USERS[:20]:  # others have all the time in the world
        await best(running, user)
    for user in on_canary:
        try:
            await running.api.Recommend(api.RecommendRequest(user_id=user, count=3), timeout=hurried)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    state = await serving(running)
    assert state.canary.bundle_version == second and not state.HasField("canary_rollback")


@pytest.mark.parametrize("label", [CANARY, SHADOW])
async def test_the_stable_bundle_is_no_canary_of_itself(following: Running, published: BundleStore, label: Any) -> None:
    request = bundle_api.ActivateBundleRequest(bundle_version=published.versions()[0], label=label)
    got = await failure(following.bundles.ActivateBundle(request))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT and set(got.violations) == {"bundle_version"}


async def test_counts_begin_anew_beside_another_stable_bundle(following: Running, published: BundleStore) -> None:
    first, second, third = published.versions()
    await activate(following, second, CANARY, 1)
    await best(following)
    assert (await serving(following)).canary.canary_counts.request_count == 1
    await activate(following, third)
    assert (await serving(following)).canary.canary_counts.request_count == 0
    await activate(following, second)
    state = await activate(following, first, CANARY, 0.5)
    assert state.canary.bundle_version == first
    assert not (await rollback(following, CANARY)).HasField("canary")
    await activate(following, third, CANARY, 0.5)
    state = await rollback(following)  # to the canary: it is stable now, and no canary any more
    assert (state.stable_bundle_version, state.HasField("canary")) == (third, False)
