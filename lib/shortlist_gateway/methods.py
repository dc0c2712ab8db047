"""Methods of the API, read from the descriptors of the stubs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

import shortlist.v1
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass


@dataclass(frozen=True)
class Method:
    """One method of the API."""

    path: str
    """The path in gRPC and Connect, such as `/shortlist.v1.RecommendationService/Recommend`."""
    request: type[Message]
    response: type[Message]
    streams: bool
    """Whether either side sends more than one message."""


def methods() -> dict[str, Method]:
    """Every method of the package `shortlist.v1` by its path."""
    return {f"/{m.containing_service.full_name}/{m.name}": _method(m) for m in _descriptors()}


def _descriptors() -> Iterator[MethodDescriptor]:
    for module in pkgutil.iter_modules(shortlist.v1.__path__, "shortlist.v1."):
        if module.name.endswith("_pb2"):
            for service in importlib.import_module(module.name).DESCRIPTOR.services_by_name.values():
                yield from service.methods


def _method(descriptor: MethodDescriptor) -> Method:
    return Method(
        f"/{descriptor.containing_service.full_name}/{descriptor.name}",
        GetMessageClass(descriptor.input_type),
        GetMessageClass(descriptor.output_type),
        descriptor.client_streaming or descriptor.server_streaming,
    )
