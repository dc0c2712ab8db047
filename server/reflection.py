"""gRPC reflection, so that tools such as grpcurl can list and call what is served, in both versions of the protocol."""

from __future__ import annotations

from collections.abc import Collection

import grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


def add_reflection(server: grpc.aio.Server, services: Collection[str]) -> None:
    """Serve reflection about `services` and itself.

    grpcio-reflection has v1alpha only. v1 has the same messages under another package name, so one servicer does both.
    """
    servicer = ReflectionServicer([*services, *SERVICES])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, methods) for name in SERVICES])
