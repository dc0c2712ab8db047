"""gRPC reflection, so that tools such as grpcurl can list and call what is served, in both versions of the protocol."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


class Servicer(ReflectionServicer):  # type: ignore[misc]
    """Also finds the file of a method, package.Service.Method: ghz asks for it and grpcio-reflection does not know."""

    def _file_containing_symbol(self, request: Any, fully_qualified_name: str) -> Any:
        try:
            method = descriptor_pool.Default().FindMethodByName(fully_qualified_name)
            fully_qualified_name = method.containing_service.full_name
        except KeyError:
            pass
        return super()._file_containing_symbol(request, fully_qualified_name)


def add_reflection(server: grpc.aio.Server, services: Collection[str]) -> None:
    """Serve reflection about `services` and itself.

    grpcio-reflection has v1alpha only. v1 has the same messages under another package name, so one servicer does both.
    """
    servicer = Servicer([*services, *SERVICES])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, methods) for name in SERVICES])
