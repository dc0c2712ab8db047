"""A bundle that a request names: it answers if it is in memory, and neither canary nor shadow counts the answer."""

from __future__ import annotations

import grpc
import pytest
from bundle_calls import CANARY, SHADOW, STABLE, activate, serving
from server_wire import Running, failure
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_bundle import BundleStore


async def answered(running: Running, version: str, user: str = "ann") -> tuple[str, float]:
    request = api.RecommendRequest(user_id=user, count=1, bundle_version=version)
    answer = await running.api.Recommend(request)
    return answer.bundle_version, pytest.approx(answer.items[0].score / 39)


async def test_every_loaded_bundle_can_be_asked_for_by_name(following: Running, published: BundleStore) -> None:
    first, second, third = published.versions()
    await activate(following, second, CANARY, 1)
    await activate(following, third, SHADOW)
    assert await answered(following, first) == (first, 0.01)
    assert await answered(following, second, user="") == (second, 0.02)
    assert await answered(following, third) == (third, 0.005)
    await activate(following, third, STABLE)
    assert await answered(following, first) == (first, 0.01)  # the one before stays in memory


async def test_answers_of_a_named_bundle_count_neither_for_canary_nor_for_shadow(
    following: Running, published: BundleStore
) -> None:
    first, second, third = published.versions()
    await activate(following, second, CANARY, 1)
    await activate(following, third, SHADOW)
    for version in (first, second, third):
        await answered(following, version)
    state = await serving(following)
    assert state.canary.canary_counts.request_count == state.canary.stable_counts.request_count == 0
    assert state.shadow.compared_count == state.shadow.dropped_count == 0


async def test_a_bundle_that_is_not_loaded_is_refused_with_those_that_are(
    following: Running, published: BundleStore
) -> None:
    first, second, _ = published.versions()
    got = await failure(following.api.Recommend(api.RecommendRequest(bundle_version=second)))
    assert (got.code, got.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BUNDLE_NOT_LOADED")
    assert dict(got.info.metadata) == {"bundle": second, "loaded": first}
    odd = await failure(following.api.Recommend(api.RecommendRequest(bundle_version="newest", count=-1)))
    assert set(odd.violations) == {"bundle_version", "count"}
