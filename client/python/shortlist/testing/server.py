"""The fake server: every method of the API and the health check, on a free port of 127.0.0.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import wrappers_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from shortlist.requests import HEALTH_CHECK, HealthStatus
from shortlist.testing import answers
from shortlist.testing.method import Method, StreamMethod

_OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Clients ping every 30 seconds, also when idle.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
]


class FakeServer:
    """A server for tests, up while its `with` statement lasts; `address` says where. It checks no request.

    Each method is an attribute, named as the client's method. `credentials` turn on TLS.
    """

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.recommend = Method(answers.recommend)
        self.batch_recommend = Method(answers.batch_recommend)
        self.stream_recommend = StreamMethod(answers.stream_recommend)
        self.retrieve = Method(answers.retrieve)
        self.rank = Method(answers.rank)
        self.similar_items = Method(answers.similar_items)
        self.write_events = Method(answers.write_events)
        self.upsert_items = Method(answers.upsert_items)
        self.delete_items = Method(answers.delete_items)
        self.get_item = Method(answers.get_item)
        self.list_items = Method(answers.list_items)
        self.upsert_users = Method(answers.upsert_users)
        self.get_user = Method(answers.get_user)
        self.export_user = Method(answers.export_user)
        self.delete_user = Method(answers.delete_user)
        self.list_bundles = Method(answers.list_bundles)
        self.get_serving_bundle = Method(answers.get_serving_bundle)
        self.get_bundle_report = Method(answers.get_bundle_report)
        self.activate_bundle = Method(answers.activate_bundle)
        self.rollback_bundle = Method(answers.rollback_bundle)
        self.list_placements = Method(answers.list_placements)
        self.set_placements = Method(answers.set_placements)
        self.preview_placement = Method(answers.preview_placement)
        self.health = Method(answers.health)
        self.address = ""
        self._credentials = credentials

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(32, thread_name_prefix="shortlist-fake")
        self._server = grpc.server(self._threads, handlers=list(self._handlers()), options=_OPTIONS)
        if self._credentials is None:
            port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            port = self._server.add_secure_port("127.0.0.1:0", self._credentials)
        self.address = f"127.0.0.1:{port}"
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends calls under way with CANCELLED."""
        self._server.stop(None).wait()
        self._threads.shutdown(wait=False)

    def _handlers(self) -> Iterator[grpc.GenericRpcHandler]:
        for service in answers.SERVICES:
            handlers = {method.name: self._handler(method) for method in service.methods}
            yield grpc.method_handlers_generic_handler(service.full_name, handlers)
        service_name, method_name = HEALTH_CHECK.strip("/").split("/")
        check = grpc.unary_unary_rpc_method_handler(self.health.unary, _health_request, _health_response)
        yield grpc.method_handlers_generic_handler(service_name, {method_name: check})

    def _handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[Any, Any]:
        fake = getattr(self, re.sub(r"\B[A-Z]", r"_\g<0>", method.name).lower())
        read = GetMessageClass(method.input_type).FromString
        write = GetMessageClass(method.output_type).SerializeToString
        if isinstance(fake, StreamMethod):
            return grpc.stream_stream_rpc_method_handler(fake.stream, read, write)
        return grpc.unary_unary_rpc_method_handler(fake.unary, read, write)


def _health_request(data: bytes) -> str:
    """The service in a HealthCheckRequest; the inverse of `requests.health_request`."""
    return wrappers_pb2.StringValue.FromString(data).value


def _health_response(status: HealthStatus) -> bytes:
    """A HealthCheckResponse; the inverse of `requests.health_response`."""
    return wrappers_pb2.Int32Value(value=status).SerializeToString()
