"""No line of the log holds what a caller sent, and each is one JSON object, whatever callers send."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from serve_process import Run, address, finish

from shortlist_server.process.app import HEALTH, SERVICES

SECRET = "s3cr3t"
KEPT = ("request_id",)  # what callers name to find it in the log


def poured(kind: Descriptor, depth: int = 4) -> Message:
    """A message with a secret in every text."""
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if field.name in KEPT or (field.message_type and depth == 0):
            continue
        value: Any = None
        if field.type == FieldDescriptor.TYPE_STRING:
            value = f"{SECRET}-{field.name}"
        elif field.type == FieldDescriptor.TYPE_BYTES:
            value = SECRET.encode()
        if value is not None and field.is_repeated:
            getattr(message, field.name).append(value)
        elif value is not None:
            setattr(message, field.name, value)
        elif field.message_type and field.is_repeated:
            getattr(message, field.name).add().CopyFrom(poured(field.message_type, depth - 1))
        elif field.message_type:
            getattr(message, field.name).CopyFrom(poured(field.message_type, depth - 1))
    return message


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_secret_of_a_caller_is_in_the_log(serve: Run, tmp_path: Path, workers: str) -> None:
    process = serve("--log-level", "debug", "--workers", workers)
    where = address(process)
    with grpc.insecure_channel(where) as channel:
        for service in map(descriptor_pool.Default().FindServiceByName, (*SERVICES, HEALTH)):
            for method in service.methods:
                path = f"/{service.full_name}/{method.name}"
                for data in (poured(method.input_type).SerializeToString(), SECRET.encode(), b"\xff" + SECRET.encode()):
                    call = channel.unary_stream(path)(
                        data, timeout=0.5, metadata=[("authorization", f"Bearer {SECRET}"), ("x-note", SECRET)]
                    )
                    with suppress(grpc.RpcError, StopIteration):
                        next(iter(call))
                    call.cancel()
        for path in (f"/{SECRET}/{SECRET}", f"/shortlist.v1.EventService/{SECRET}"):
            with pytest.raises(grpc.RpcError):
                channel.unary_unary(path)(SECRET.encode(), timeout=2)
    host, _, port = where.rpartition(":")
    for data in (
        f"GET /{SECRET} HTTP/1.1\r\nHost: {SECRET}\r\n\r\n".encode(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SECRET.encode(),
    ):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(data * 3)
            raw.settimeout(2)
            with suppress(OSError):
                while raw.recv(1 << 12):
                    pass
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    assert code == 0
    assert SECRET not in errors
    lines = [json.loads(line) for line in errors.splitlines()]
    assert any(line["event"] == "call" for line in lines)
