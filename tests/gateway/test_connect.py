"""Errors in Connect's form."""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from shortlist_gateway.connect import HTTP_STATUS, ConnectError


def failed(code: grpc.StatusCode, *details: any_pb2.Any) -> ConnectError:
    status = status_pb2.Status(code=code.value[0], message="why", details=details)
    trailers = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return ConnectError.of(grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailers, "why"))


def test_every_code_has_an_http_status() -> None:
    assert set(HTTP_STATUS) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


def test_cancelled_is_spelled_as_connect_does() -> None:
    assert failed(grpc.StatusCode.CANCELLED).body() == {"code": "canceled", "message": "why"}


def test_when_to_come_back_is_among_the_details() -> None:
    retry = any_pb2.Any()
    retry.Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=250_000_000)))
    error = failed(grpc.StatusCode.RESOURCE_EXHAUSTED, retry)
    assert error.http_status == 429
    assert error.body()["details"] == [
        {"type": "google.rpc.RetryInfo", "value": "CgUQgOWadw", "debug": {"retryDelay": "0.250s"}}
    ]


def test_details_that_nobody_knows_are_passed_on_as_they_are() -> None:
    for name in ("shop.v1.Unheard", "google.rpc.Unheard"):
        body = failed(grpc.StatusCode.ABORTED, any_pb2.Any(type_url=f"type.googleapis.com/{name}", value=b"ab")).body()
        assert body["details"] == [{"type": name, "value": "YWI"}]


def test_a_broken_detail_is_passed_on_as_it_is() -> None:
    broken = any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")
    assert failed(grpc.StatusCode.ABORTED, broken).body()["details"] == [
        {"type": "google.rpc.ErrorInfo", "value": "/w"}
    ]
