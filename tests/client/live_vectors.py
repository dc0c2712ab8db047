"""The table of client/vectors, and the answers of a running server to the calls in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import error_details_pb2  # noqa: F401  # what the details of an error are made of
from shortlist.v1 import (
    bundle_service_pb2,
    catalog_service_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
)

VECTORS = Path(__file__).parents[2] / "client/vectors/vectors.json"
TABLE: dict[str, list[dict[str, Any]]] = json.loads(VECTORS.read_text(encoding="utf-8"))
SECONDS = 30  # as every client has for a call of the table
MODULES = (
    bundle_service_pb2,
    catalog_service_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
)
METHODS: dict[str, MethodDescriptor] = {
    method.name: method
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}


def request(call: dict[str, Any]) -> Any:
    """The message that a call sends; a list of them for a stream."""
    kind = message_factory.GetMessageClass(METHODS[call["method"]].input_type)
    if isinstance(call["request"], list):
        return [json_format.ParseDict(each, kind()) for each in call["request"]]
    return json_format.ParseDict(call["request"], kind())


def answer(call: dict[str, Any]) -> Any:
    """The message that a call is answered with; a list of them for a stream."""
    kind = message_factory.GetMessageClass(METHODS[call["method"]].output_type)
    if isinstance(call["answer"], list):
        return [json_format.ParseDict(each, kind()) for each in call["answer"]]
    return json_format.ParseDict(call["answer"], kind())


def answered(channel: grpc.Channel) -> dict[str, list[dict[str, Any]]]:
    """The table with the answers that the server at the other end gives to the bare stubs."""
    calls = [call if "error" in call else {**call, "answer": _ask(channel, call)} for call in TABLE["calls"]]
    return {**TABLE, "calls": calls}


def _ask(channel: grpc.Channel, call: dict[str, Any]) -> Any:
    method = METHODS[call["method"]]
    path = f"/{method.containing_service.full_name}/{method.name}"
    write = message_factory.GetMessageClass(method.input_type).SerializeToString
    read = message_factory.GetMessageClass(method.output_type).FromString
    if method.client_streaming:
        stream = channel.stream_stream(path, write, read)
        answers = [json_format.MessageToDict(each) for each in stream(iter(request(call)), timeout=SECONDS)]
        assert len(answers) == len(call["request"])
        return answers
    unary = channel.unary_unary(path, write, read)
    given = json_format.MessageToDict(unary(request(call), timeout=SECONDS, wait_for_ready=True))
    assert "degraded" not in given, f"{call['name']}: {given['degraded']}"
    return given
