"""Statuses: the one place where errors become gRPC statuses."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import grpc
import structlog
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from shortlist_core.errors import (
    AnswerTooLargeError,
    BundleRefusedError,
    CatalogFullError,
    DeadlineError,
    InvalidArgumentError,
    NotFoundError,
    OverloadedError,
    PageTokenExpiredError,
    PermissionDeniedError,
    PreconditionError,
    QuotaError,
    ShortlistError,
    SlowCallerError,
    StateError,
    StateReplacedError,
    UnauthenticatedError,
    UnavailableError,
    Violation,
)
from shortlist_server.pipeline.request import CallerGoneError

DOMAIN = "shortlist"
MAX_DETAILS_BYTES = 4_500
"""Most bytes of violations. They travel in the trailing metadata, of which clients accept 8 KiB by default."""

CODES: dict[type[ShortlistError], grpc.StatusCode] = {
    InvalidArgumentError: grpc.StatusCode.INVALID_ARGUMENT,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    PageTokenExpiredError: grpc.StatusCode.FAILED_PRECONDITION,
    BundleRefusedError: grpc.StatusCode.FAILED_PRECONDITION,
    PreconditionError: grpc.StatusCode.FAILED_PRECONDITION,
    OverloadedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    QuotaError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    CatalogFullError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    AnswerTooLargeError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    SlowCallerError: grpc.StatusCode.DEADLINE_EXCEEDED,
    UnavailableError: grpc.StatusCode.UNAVAILABLE,
    StateError: grpc.StatusCode.UNAVAILABLE,
    StateReplacedError: grpc.StatusCode.UNAVAILABLE,
    DeadlineError: grpc.StatusCode.DEADLINE_EXCEEDED,
    UnauthenticatedError: grpc.StatusCode.UNAUTHENTICATED,
    PermissionDeniedError: grpc.StatusCode.PERMISSION_DENIED,
    CallerGoneError: grpc.StatusCode.CANCELLED,
}

_STATE_UNAVAILABLE = "the store of live users and items cannot be used at the moment"
_STATE_REPLACED = "the file of live users and items was replaced under this server: its operator has to restart it"
_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}

log = structlog.get_logger(__name__)


def to_status(error: BaseException) -> status_pb2.Status:
    """The status of an error, with an ErrorInfo and the details that the kind of error calls for.

    An error that is not a ShortlistError becomes INTERNAL, with an id that the log repeats. Its text is not sent.
    """
    if isinstance(error, OverloadedError):
        return _overloaded(str(error), error.reason, _millis(error))
    code = CODES.get(type(error)) if isinstance(error, ShortlistError) else None
    if code is None:
        return _internal(error)
    assert isinstance(error, ShortlistError)
    message, details = str(error), [_info(error.reason, error.metadata)]
    if isinstance(error, StateError):  # its text names files, so it is logged and not sent
        log.error("state_unavailable", error=message)
        message = _STATE_REPLACED if isinstance(error, StateReplacedError) else _STATE_UNAVAILABLE
    if isinstance(error, InvalidArgumentError):
        message = _summary(error.violations)
        details.append(_bad_request(error.violations))
    return _status(code, message, details)


@lru_cache(1_000)
def _overloaded(message: str, reason: str, millis: int) -> status_pb2.Status:
    """The status of an overload, made once: the more calls are refused, the less a refusal may cost."""
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(millis)
    details = [_info(reason, {}), error_details_pb2.RetryInfo(retry_delay=delay)]
    return _status(grpc.StatusCode.RESOURCE_EXHAUSTED, message, details)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a call ends with that has no answer."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]


def ending(error: BaseException) -> Ending:
    """What a call ends with after an error. The trailers are the status, and when gRPC's own retries may come."""
    status = to_status(error)
    trailers: tuple[tuple[str, str | bytes], ...] = (("grpc-status-details-bin", status.SerializeToString()),)
    if isinstance(error, OverloadedError):
        trailers += (("grpc-retry-pushback-ms", str(_millis(error))),)
    return Ending(_CODES[status.code], status.message, trailers)


def _internal(error: BaseException) -> status_pb2.Status:
    error_id = secrets.token_hex(8)
    log.error("internal_error", error_id=error_id, exc_info=error)
    message = f"something went wrong here that should not have; the server's log has it as {error_id}"
    return _status(grpc.StatusCode.INTERNAL, message, [_info("INTERNAL", {"error_id": error_id})])


def _status(code: grpc.StatusCode, message: str, details: Sequence[Message]) -> status_pb2.Status:
    packed = [any_pb2.Any() for _ in details]
    for container, detail in zip(packed, details, strict=True):
        container.Pack(detail)
    return status_pb2.Status(code=code_pb2.Code.Value(code.name), message=message, details=packed)


def _info(reason: str, metadata: dict[str, str]) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def _millis(error: OverloadedError) -> int:
    return max(1, round(error.retry_after_seconds * 1000))


def _summary(violations: Sequence[Violation]) -> str:
    first = f"{violations[0].field} {violations[0].description}"
    return first if len(violations) == 1 else f"{len(violations)} fields break a rule; the first: {first}"


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    """All violations. Where a client could not receive them all, a last entry says how many more there are."""
    bad_request, bytes_left = error_details_pb2.BadRequest(), MAX_DETAILS_BYTES
    for position, violation in enumerate(violations):
        bytes_left -= len(violation.field.encode()) + len(violation.description.encode()) + 8
        if bytes_left < 0:
            bad_request.field_violations.add(field="...", description=f"and {len(violations) - position:,} more")
            break
        bad_request.field_violations.add(field=violation.field, description=violation.description)
    return bad_request
