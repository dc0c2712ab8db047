"""gRPC reflection in both versions of the protocol, so that tools such as grpcurl can list and call the services."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


class Servicer(ReflectionServicer):  # type: ignore[misc]
    """Also finds the file of a method, package.Service.Method, which ghz asks for and grpcio-reflection cannot find."""

    def _file_containing_symbol(self, request: Any, fully_qualified_name: str) -> Any:
        try:
            method = descriptor_pool.Default().FindMethodByName(fully_qualified_name)
            fully_qualified_name = method.containing_service.full_name
        except KeyError:
            pass
        return super()._file_containing_symbol(request, fully_qualified_name)


def add_reflection(server: grpc.aio.Server, services: Collection[str]) -> None:
    """Serve reflection for `services` and for reflection itself.

    grpcio-reflection implements v1alpha only. The messages of v1 are the same under another package name, so one
    servicer serves both.
    """
    servicer = Servicer([*services, *SERVICES])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    for name in SERVICES:
        server.add_registered_method_handlers(name, methods)
