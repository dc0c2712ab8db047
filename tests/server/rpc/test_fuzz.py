"""Whatever bytes or values arrive, the caller gets an answer or learns what was wrong: never INTERNAL or UNKNOWN."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import server_fakes as fakes
from conftest import settings
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_bundle import Bundle
from shortlist_server.process.app import create_server
from shortlist_server.rpc.auth import TABLE
from shortlist_state import open_store

FINE = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}

names = st.sampled_from(["", "i1", "i39", "ann", "tea", "who?", " ", "x" * 129, "a\nb", "\U0001f375"])
numbers = st.sampled_from([0, 1, 3, 500, 501, 2_000, -1, 2**31 - 1, -(2**31)])
floats = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, 1e308, float("nan"), float("inf")])
times = st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, -1, 2**62]), "nanos": st.sampled_from([0, 1, -1])})


def message(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Messages of a kind with any of its fields set to something usual or unusual."""
    fields = {}
    for field in kind.DESCRIPTOR.fields:
        if field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
            value: st.SearchStrategy[Any] = times
        elif field.message_type:
            value = message(GetMessageClass(field.message_type))
        else:
            scalar = {"string": names, "bool": st.booleans(), "double": floats, "float": floats}
            kinds = {field.TYPE_STRING: "string", field.TYPE_BOOL: "bool", field.TYPE_DOUBLE: "double"}
            kinds[field.TYPE_FLOAT] = "float"
            value = scalar.get(kinds.get(field.type, ""), numbers)
        fields[field.name] = st.lists(value, max_size=3) if field.is_repeated else value
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: kind(**values))


@pytest.fixture(scope="module")
def channel(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    """A channel to a server that runs on a loop of its own, as hypothesis knows no coroutines."""
    loop, folder = asyncio.new_event_loop(), tmp_path_factory.mktemp("bundles")
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def begin() -> tuple[Any, int]:
        server, port = await create_server(settings(bundles=folder), open_store("sqlite::memory:"))
        await server.activate(lambda: fakes.load(bundle))
        return server, port

    server, port = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    asyncio.run_coroutine_threadsafe(server.drain(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)


some = hypothesis_settings(max_examples=100, suppress_health_check=list(HealthCheck))
UNARY = {
    "Recommend": api.RecommendRequest,
    "BatchRecommend": api.BatchRecommendRequest,
    "Retrieve": api.RetrieveRequest,
    "Rank": api.RankRequest,
    "SimilarItems": api.SimilarItemsRequest,
    "WriteEvents": event_api.WriteEventsRequest,
    "UpsertItems": catalog_api.UpsertItemsRequest,
    "DeleteItems": catalog_api.DeleteItemsRequest,
    "GetItem": catalog_api.GetItemRequest,
    "ListItems": catalog_api.ListItemsRequest,
    "ListBundles": bundle_api.ListBundlesRequest,
    "GetServingBundle": bundle_api.GetServingBundleRequest,
    "ActivateBundle": bundle_api.ActivateBundleRequest,
    "RollbackBundle": bundle_api.RollbackBundleRequest,
}
PATHS = {method.rpartition("/")[2]: method for method in TABLE}


def code(channel: grpc.Channel, path: str, data: bytes) -> grpc.StatusCode:
    try:
        channel.unary_unary(path)(data, timeout=20)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("method", UNARY)
def test_any_values(channel: grpc.Channel, method: str) -> None:
    @some
    @given(message(UNARY[method]))
    def holds(request: Message) -> None:
        assert code(channel, PATHS[method], request.SerializeToString()) in FINE

    holds()


@pytest.mark.parametrize("method", [*UNARY, "Check"])
def test_any_bytes(channel: grpc.Channel, method: str) -> None:
    @some
    @given(st.binary(max_size=64))
    def holds(data: bytes) -> None:
        assert code(channel, PATHS[method], data) in FINE

    holds()


@some
@given(st.lists(st.one_of(st.binary(max_size=40), message(api.StreamRecommendRequest)), max_size=5))
def test_any_stream(channel: grpc.Channel, sent: list[Any]) -> None:
    data = [each if isinstance(each, bytes) else each.SerializeToString() for each in sent]
    answers = channel.stream_stream("/shortlist.v1.RecommendationService/StreamRecommend")(iter(data), timeout=20)
    received = [api.StreamRecommendResponse.FromString(each) for each in answers]
    assert len(received) == len(sent)
    assert {answer.error.code for answer in received} <= {code_pb2.OK, code_pb2.INVALID_ARGUMENT}
