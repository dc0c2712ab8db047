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
from fuzz_calls import METHODS, STREAMS, UNARY, FuzzCall, request_of
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_bundle import Bundle
from shortlist_server.process.app import create_server
from shortlist_state import open_store

FINE = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}

names = st.sampled_from(["", "i1", "i39", "ann", "tea", "who?", " ", "x" * 129, "a\nb", "\U0001f375"])
numbers = st.sampled_from([0, 1, 3, 500, 501, 2_000, -1, 2**31 - 1, -(2**31)])
floats = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, 1e308, float("nan"), float("inf")])
contents = st.sampled_from([b"", b"x", b"\x89PNG\r\n\x1a\n"])
times = st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, -1, 2**62]), "nanos": st.sampled_from([0, 1, -1])})


def message(kind: type[Message], depth: int = 7) -> st.SearchStrategy[Message]:
    """Messages of a kind with any of its fields set to something usual or unusual, messages in it down to a depth."""
    fields = {}
    for field in kind.DESCRIPTOR.fields:
        if field.message_type and not depth:
            continue
        if field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
            value: st.SearchStrategy[Any] = times
        elif field.message_type:
            value = message(GetMessageClass(field.message_type), depth - 1)
        else:
            scalar = {"string": names, "bool": st.booleans(), "double": floats, "float": floats, "bytes": contents}
            kinds = {field.TYPE_STRING: "string", field.TYPE_BOOL: "bool", field.TYPE_DOUBLE: "double"}
            kinds |= {field.TYPE_FLOAT: "float", field.TYPE_BYTES: "bytes"}
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


@pytest.mark.parametrize("method", [*UNARY, *STREAMS])
def test_any_values(channel: grpc.Channel, method: str) -> None:
    @some
    @given(message(request_of(method)))
    def holds(request: Message) -> None:
        assert FuzzCall(method, (request.SerializeToString(),)).make(channel, 20) in FINE

    holds()


@pytest.mark.parametrize("method", METHODS)
def test_any_bytes(channel: grpc.Channel, method: str) -> None:
    @some
    @given(st.binary(max_size=64))
    def holds(data: bytes) -> None:
        assert FuzzCall(method, (data,)).make(channel, 20) in FINE

    holds()


@some
@given(st.lists(st.one_of(st.binary(max_size=40), message(api.StreamRecommendRequest)), max_size=5))
def test_any_stream(channel: grpc.Channel, sent: list[Any]) -> None:
    data = [each if isinstance(each, bytes) else each.SerializeToString() for each in sent]
    answers = channel.stream_stream("/shortlist.v1.RecommendationService/StreamRecommend")(iter(data), timeout=20)
    received = [api.StreamRecommendResponse.FromString(each) for each in answers]
    assert len(received) == len(sent)
    assert {answer.error.code for answer in received} <= {code_pb2.OK, code_pb2.INVALID_ARGUMENT, code_pb2.NOT_FOUND}


@some
@given(st.lists(st.one_of(st.binary(max_size=40), message(request_of(STREAMS[0]))), max_size=5))
@pytest.mark.parametrize("version", [method for method in STREAMS if "reflection" in method])
def test_any_questions_about_the_services(channel: grpc.Channel, version: str, sent: list[Any]) -> None:
    data = [each if isinstance(each, bytes) else each.SerializeToString() for each in sent]
    answers = channel.stream_stream(version)(iter(data), timeout=20)
    received = [reflection_pb2.ServerReflectionResponse.FromString(each) for each in answers]
    assert len(received) == len(sent)
    assert {answer.error_response.error_code for answer in received} <= {
        code_pb2.OK,
        code_pb2.INVALID_ARGUMENT,
        code_pb2.NOT_FOUND,
    }
