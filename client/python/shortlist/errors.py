"""What a call can end with, decoded from the status and its details into one exception with fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of the request that breaks its rule, as a path: `count`, `queries[3].context_events[0].value`."""

    field: str
    description: str


class ShortlistError(Exception):
    """A call that did not succeed. Its text is one line: the code, the reason and what the server says.

    Codes that callers treat apart have a subclass each, the others come as this class.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        metadata: dict[str, str] | None = None,
        violations: tuple[FieldViolation, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code.name} ({reason}): {message}" if reason else f"{code.name}: {message}")
        self.code = code
        """The gRPC status code."""
        self.message = message
        """What the server, or gRPC itself, says; one line for a person."""
        self.reason = reason
        """Stable name of the cause to branch on, such as OVERLOADED or ITEM_NOT_FOUND; empty if gRPC itself failed."""
        self.metadata = metadata or {}
        """What the reason is about, such as `{"item": "i1"}`."""
        self.violations = violations
        """Every field of the request that breaks its rule, not only the first."""
        self.retry_after = retry_after
        """Seconds after which trying again makes sense; None where the server does not say."""


class InvalidArgument(ShortlistError):
    """The request breaks a rule; `violations` lists every field. The caller's fault: the same request fails again."""


class NotFound(ShortlistError):
    """The thing that the request names does not exist. The caller's fault, or the serving bundle's age."""


class Unauthenticated(ShortlistError):
    """The caller did not say who it is, or the server does not believe it. The caller's fault."""


class PermissionDenied(ShortlistError):
    """The caller may not do this. The caller's fault."""


class ResourceExhausted(ShortlistError):
    """The server has more work than it takes on; `retry_after` says when to come back. Not retried by the client."""


class Unavailable(ShortlistError):
    """No server was reached, or it is starting or draining. Nobody's fault; retries are used up when this is raised."""


class DeadlineExceeded(ShortlistError):
    """The answer did not come within the timeout, retries included."""


_CLASSES: dict[grpc.StatusCode, type[ShortlistError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


def from_rpc(error: grpc.RpcError) -> ShortlistError:
    """The exception for a failed call of either client, with whatever details the server sent along."""
    status = status_pb2.Status(code=code_pb2.UNKNOWN, message=str(error))
    if isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        status = status_pb2.Status(code=error.code().value[0], message=error.details() or "")
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if isinstance(details, bytes):
            status.details.extend(status_pb2.Status.FromString(details).details)
    return from_status(status)


def from_status(status: status_pb2.Status) -> ShortlistError:
    """The exception for a google.rpc.Status, such as StreamRecommendResponse.error."""
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    info = _detail(status, error_details_pb2.ErrorInfo()) or error_details_pb2.ErrorInfo()
    bad = _detail(status, error_details_pb2.BadRequest()) or error_details_pb2.BadRequest()
    retry = _detail(status, error_details_pb2.RetryInfo())
    return _CLASSES.get(code, ShortlistError)(
        code,
        status.message,
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=tuple(FieldViolation(v.field, v.description) for v in bad.field_violations),
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
    )


def to_status(error: ShortlistError) -> status_pb2.Status:
    """The google.rpc.Status of which `from_status` makes this exception again."""
    status = status_pb2.Status(code=error.code.value[0], message=error.message)
    if error.reason or error.metadata:
        info = error_details_pb2.ErrorInfo(reason=error.reason, domain="shortlist", metadata=error.metadata)
        status.details.add().Pack(info)
    if error.violations:
        fields = [{"field": each.field, "description": each.description} for each in error.violations]
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=fields))
    if error.retry_after is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromTimedelta(timedelta(seconds=error.retry_after))
        status.details.add().Pack(retry)
    return status


def _detail(status: status_pb2.Status, kind: M) -> M | None:
    return next((kind for detail in status.details if detail.Unpack(kind)), None)
