from __future__ import annotations

import hashlib
from pathlib import Path

import grpc
import pytest
from conftest import Start
from grpc_health.v1 import health_pb2
from server_wire import failure
from shortlist.v1 import (
    bundle_service_pb2,
    catalog_service_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
)

from shortlist_server.process.app import HEALTH, SERVICES
from shortlist_server.rpc.auth import TABLE, Authority
from shortlist_server.rpc.reflection import SERVICES as REFLECTION
from shortlist_server.rpc.token_file import read_tokens

FILES = (
    bundle_service_pb2,
    catalog_service_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
    health_pb2,
)
METHODS = {
    f"/{service.full_name}/{method.name}"
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
} | {f"/{service}/ServerReflectionInfo" for service in REFLECTION}
KNOWING = "UserService/GetUser", "UserService/ExportUser", "UserService/DeleteUser"
READING = "CatalogService/GetItem", "CatalogService/ListItems", "PlacementService/ListPlacements"
WRITING = "CatalogService/UpsertItems", "CatalogService/DeleteItems", "UserService/UpsertUsers"
OPEN = {method for method in METHODS if method.startswith(f"/{HEALTH}/")}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    file = tmp_path / "tokens"
    names = "reads", "writes", "both", "plain", "users", "admin"
    reads, writes, both, plain, users, admin = map(hashed, names)
    file.write_text(
        f"# who may call\n\n{reads} read\n{writes.upper().replace('SHA', 'sha')}\twrite\n{both} read write\n"
        f"{plain}\n{users} users\n{admin} admin\n"
    )
    return read_tokens(file)


def hashed(token: str) -> str:
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


async def code_of(channel: grpc.aio.Channel, method: str, authorization: str | None) -> grpc.StatusCode:
    """What a call of any kind with one empty message ends with; a stream that answers counts as OK."""
    metadata = [] if authorization is None else [("authorization", authorization)]
    call = channel.unary_stream(method)(b"", metadata=metadata, timeout=10)
    try:
        if await call.read() is not grpc.aio.EOF:  # an answer, or the first of a stream
            return grpc.StatusCode.OK
        return await call.code()
    except grpc.aio.AioRpcError as error:
        return error.code()
    finally:
        call.cancel()


REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


def test_the_table_and_the_services_name_the_same_methods() -> None:
    assert set(TABLE) == METHODS
    assert {method.split("/")[1] for method in METHODS} == {*SERVICES, HEALTH, *REFLECTION}


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer ", "Basic reads", "reads"])
async def test_without_a_known_token_only_health_answers(start: Start, authority: Authority, given: str | None) -> None:
    running = await start(authority=authority)
    for method in METHODS:
        code = await code_of(running.channel, method, given)
        assert (code == grpc.StatusCode.UNAUTHENTICATED) == (method not in OPEN), (method, code)


@pytest.mark.parametrize(
    ("token", "may"),
    [
        ("reads", {"RecommendationService", *READING, "ServerReflection", "Health"}),
        ("writes", {"EventService", *WRITING, "ServerReflection", "Health"}),
        ("both", {"RecommendationService", "EventService", *READING, *WRITING, "ServerReflection", "Health"}),
        ("users", {*KNOWING, "ServerReflection", "Health"}),
        ("plain", {"RecommendationService", "EventService", *READING, *WRITING, "ServerReflection", "Health"}),
        ("admin", {"BundleService", "PlacementService", "ServerReflection", "Health"}),
    ],
)
async def test_a_token_reaches_as_far_as_its_scopes(start: Start, authority: Authority, token: str, may) -> None:
    running = await start(authority=authority)
    for method in METHODS:
        code = await code_of(running.channel, method, f"Bearer {token}")
        name = method.rpartition(".")[2]
        allowed = name in may or name.partition("/")[0] in may
        assert (code not in REFUSED) == allowed, (method, code)


async def test_refusals_carry_their_reason(start: Start, authority: Authority) -> None:
    running = await start(authority=authority)
    method = running.channel.unary_unary("/shortlist.v1.EventService/WriteEvents")
    got = await failure(method(b""))
    assert (got.code, got.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    got = await failure(method(b"", metadata=[("authorization", "Bearer reads")]))
    assert (got.code, got.info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")


def test_a_method_that_is_not_in_the_table_is_nobodys(authority: Authority) -> None:
    with pytest.raises(Exception, match="does not allow /shortlist"):
        authority.check("/shortlist.v1.BundleService/DeleteBundle", "Bearer admin")
