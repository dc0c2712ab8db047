"""The unary JSON form of the Connect protocol: errors and request headers (connectrpc.com/docs/protocol)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.protobuf import any_pb2, descriptor_pool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from shortlist_gateway.settings import Settings

Code = grpc.StatusCode

HTTP_STATUS: Mapping[grpc.StatusCode, int] = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
KNOWN_DETAILS = error_details_pb2.DESCRIPTOR.package
"""Error details of this package are also given as JSON."""


class ConnectError(Exception):
    """The answer to a call that failed."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        http_status: int | None = None,
        details: tuple[any_pb2.Any, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.http_status = http_status or HTTP_STATUS[code]
        """The protocol's status for the code, unless HTTP has a more specific one."""

    @classmethod
    def of(cls, error: grpc.aio.AioRpcError) -> ConnectError:
        """A gRPC error as a Connect error, with its details."""
        packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        details = status_pb2.Status.FromString(packed).details if isinstance(packed, bytes) else ()
        return cls(error.code(), error.details() or "", details=tuple(details))

    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        name = "canceled" if self.code is Code.CANCELLED else self.code.name.lower()
        details = [_detail(packed) for packed in self.details]
        return {"code": name, "message": str(self)} | ({"details": details} if details else {})


def _detail(packed: any_pb2.Any) -> dict[str, Any]:
    """The type and bytes of an error detail, and its content as JSON if its type is known."""
    name = packed.type_url.rpartition("/")[2]
    detail: dict[str, Any] = {"type": name, "value": base64.b64encode(packed.value).decode().rstrip("=")}
    if name.rpartition(".")[0] == KNOWN_DETAILS:
        try:
            kind = GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
            detail["debug"] = MessageToDict(kind.FromString(packed.value))
        except (KeyError, DecodeError):  # of a newer version, or broken: passed on without its content
            pass
    return detail


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise ConnectError where the headers announce a body or a protocol version that is not supported."""
    media = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise ConnectError(Code.INVALID_ARGUMENT, f"send Content-Type: application/json, not {media or 'none'}", 415)
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ConnectError(Code.UNIMPLEMENTED, "send the body as it is, without Content-Encoding")
    if headers.get("Connect-Protocol-Version", "1") != "1":
        raise ConnectError(Code.INVALID_ARGUMENT, "this is version 1 of the Connect protocol")
    authorization = headers.get("Authorization", "")
    if not (authorization.isascii() and authorization.isprintable()):
        raise ConnectError(Code.UNAUTHENTICATED, "the header `authorization` holds characters that no token has")


def timeout(millis: Sequence[str], settings: Settings) -> float:
    """The timeout of a call in seconds, from its headers `Connect-Timeout-Ms` or else the default.

    It is at most what the settings allow. Raises ConnectError where the header is no number, or there are several.
    """
    if not millis:
        return settings.default_seconds
    if len(millis) > 1 or not re.fullmatch(r"[0-9]{1,10}", millis[0]):
        raise ConnectError(Code.INVALID_ARGUMENT, "Connect-Timeout-Ms is one number of at most 10 digits")
    return min(int(millis[0]) / 1000, settings.max_seconds)
