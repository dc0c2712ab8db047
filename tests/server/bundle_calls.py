"""What an operator asks a running server of fakes, and which bundle an answer of it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from server_wire import Running
from shortlist.v1 import bundle_service_pb2 as api
from shortlist.v1 import recommendation_service_pb2 as recommend_api
from waiting import eventually_async

from shortlist_bundle import BundleStore

STABLE, CANARY, SHADOW = api.BUNDLE_LABEL_STABLE, api.BUNDLE_LABEL_CANARY, api.BUNDLE_LABEL_SHADOW


async def best(running: Running, user: str = "ann") -> tuple[str, float]:
    """The bundle that an answer names, and the score of its best item: item 39 of 40, 39 times the bundle's points."""
    answer = await running.api.Recommend(recommend_api.RecommendRequest(user_id=user, count=1))
    return answer.bundle_version, pytest.approx(answer.items[0].score / 39)


async def activate(running: Running, version: str, label: Any = STABLE, share: float = 0) -> api.ServingState:
    request = api.ActivateBundleRequest(bundle_version=version, label=label, user_share=share)
    return (await running.bundles.ActivateBundle(request)).serving


async def rollback(running: Running, label: Any = STABLE) -> api.ServingState:
    return (await running.bundles.RollbackBundle(api.RollbackBundleRequest(label=label))).serving


async def serving(running: Running) -> api.ServingState:
    return (await running.bundles.GetServingBundle(api.GetServingBundleRequest())).serving


async def until(running: Running, holds: Callable[[api.ServingState], bool]) -> api.ServingState:
    async def held() -> api.ServingState | None:
        state = await serving(running)
        return state if holds(state) else None

    state = await eventually_async(held)
    assert state is not None
    return state


def damage(bundles: BundleStore, version: str, file: str = "items/prices.npy") -> None:
    path = bundles.directory / version / file
    path.write_bytes(path.read_bytes()[:-1])
