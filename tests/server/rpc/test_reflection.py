from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_database, descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2
from server_wire import Running

from shortlist_server.process.app import HEALTH, SERVICES
from shortlist_server.rpc.reflection import SERVICES as REFLECTION

pytestmark = pytest.mark.parametrize("version", REFLECTION)


async def ask(channel: grpc.aio.Channel, version: str, **question: str) -> Any:
    call = channel.stream_stream(
        f"/{version}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )()
    await call.write(reflection_pb2.ServerReflectionRequest(**question))
    answer = await call.read()
    await call.done_writing()
    return answer


async def test_the_services_are_listed(running: Running, version: str) -> None:
    answer = await ask(running.channel, version, list_services="")
    assert {each.name for each in answer.list_services_response.service} == {*SERVICES, HEALTH, *REFLECTION}


@pytest.mark.parametrize("method", ["", ".Recommend"], ids=["as grpcurl asks", "as ghz asks"])
async def test_who_knows_nothing_but_the_address_can_call(running: Running, version: str, method: str) -> None:
    answer = await ask(running.channel, version, file_containing_symbol=SERVICES[0] + method)
    files = descriptor_database.DescriptorDatabase()
    for file in answer.file_descriptor_response.file_descriptor_proto:
        files.Add(descriptor_pb2.FileDescriptorProto.FromString(file))
    recommend = descriptor_pool.DescriptorPool(files).FindMethodByName(f"{SERVICES[0]}.Recommend")
    question, reply = (message_factory.GetMessageClass(each) for each in (recommend.input_type, recommend.output_type))
    call = running.channel.unary_unary(
        f"/{SERVICES[0]}/Recommend",
        request_serializer=question.SerializeToString,
        response_deserializer=reply.FromString,
    )
    answer = json_format.MessageToDict(await call(json_format.ParseDict({"userId": "u1", "count": 3}, question())))
    assert len(answer["items"]) == 3


async def test_a_symbol_that_is_nowhere_is_not_found(running: Running, version: str) -> None:
    answer = await ask(running.channel, version, file_containing_symbol=f"{SERVICES[0]}.Other")
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
