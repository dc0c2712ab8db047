"""A token belongs to one tenant, and to no other; whatever its file says, no token is good for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from requests_of_all import RECOMMEND, WRITES
from server_wire import failure
from shortlist.v1 import recommendation_service_pb2 as api
from two_tenants import Shared, shared_server
from waiting import eventually_async

from shortlist_core.errors import DataError
from shortlist_server.rpc.token_file import TokenFile, new_token


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with shared_server(tmp_path) as running:
        yield running


async def test_a_token_may_call_no_more_for_its_tenant_than_its_scopes_say(shared: Shared) -> None:
    token, line = new_token(["read"], tenant="acme")
    with (shared.folder / "tokens").open("a") as file:
        file.write(f"{line}\n")

    async def accepted() -> bool:
        try:
            return bool(await shared.call_with(token, "RecommendationService/Recommend", RECOMMEND))
        except grpc.aio.AioRpcError:
            return False

    assert await eventually_async(accepted)
    for method, request in WRITES.items():
        refused = await failure(shared.call_with(token, method, request))
        assert refused.code == grpc.StatusCode.PERMISSION_DENIED
    answer = await shared.call_with(token, "RecommendationService/Recommend", RECOMMEND)
    assert answer.bundle_version == shared.bundles("acme").current()


async def test_a_token_that_gets_another_tenant_ends_its_streams(shared: Shared) -> None:
    call = shared.channel.stream_stream(
        "/shortlist.v1.RecommendationService/StreamRecommend",
        api.StreamRecommendRequest.SerializeToString,
        api.StreamRecommendResponse.FromString,
    )(metadata=[("authorization", f"Bearer {shared.tokens['acme']}")], timeout=30)
    request = api.StreamRecommendRequest(user_id="ann", count=1)
    await call.write(request)
    assert (await call.read()).bundle_version == shared.bundles("acme").current()
    lines = (shared.folder / "tokens").read_text().splitlines()
    (shared.folder / "tokens").write_text(lines[0].replace("tenant=acme", "tenant=beta") + "\n")

    async def moved() -> bool:
        answer = await shared.call("acme", "RecommendationService/Recommend", RECOMMEND)
        return bool(answer.bundle_version == shared.bundles("beta").current())

    assert await eventually_async(moved)
    await call.write(request)
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    assert ended.value.code() == grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("tenants", "wrong", "message"),
    [
        (("acme", "beta"), ("", ""), "line 2: the token belongs to no tenant: say tenant=NAME, one of acme, beta"),
        (("acme", "beta"), ("gamma", ""), "line 2: there is no tenant 'gamma': say tenant=NAME, one of acme, beta"),
        ((), ("acme", ""), "line 2: this server has no tenants: give --tenants, or leave out tenant=acme"),
        (("acme", "beta"), ("beta", "same"), "line 2: this token belongs to another tenant in a line above"),
    ],
)
def test_a_token_file_that_does_not_fit_the_tenants_is_refused(
    tmp_path: Path, tenants: tuple[str, ...], wrong: tuple[str, str], message: str
) -> None:
    tenant, same = wrong
    _, good = new_token(tenant="acme" if tenants else "")
    _, bad = new_token(tenant=tenant)
    if same:
        bad = good.replace("tenant=acme", f"tenant={tenant}")
    (tmp_path / "tokens").write_text(f"{good}\n{bad}\n")
    with pytest.raises(DataError, match=message):
        TokenFile(tmp_path / "tokens", tenants)
