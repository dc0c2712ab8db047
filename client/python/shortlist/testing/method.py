"""One method of the fake server: what it answers, how it fails, and which calls came."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

import grpc
from google.protobuf.message import Message

from shortlist import errors
from shortlist.errors import ShortlistError
from shortlist.testing import answers
from shortlist.v1.recommendation_service_pb2 import StreamRecommendRequest, StreamRecommendResponse

Request = TypeVar("Request")
Response = TypeVar("Response")
Context = grpc.ServicerContext

_FOREVER = 1e12  # gRPC says how many seconds are left until the end of time where a call has no deadline


@dataclass(frozen=True, slots=True)
class Call(Generic[Request]):
    """One call as it arrived, or one message of a stream."""

    request: Request
    metadata: dict[str, str | bytes]
    """What was sent beside the request, such as `authorization`."""
    timeout: float | None
    """Seconds that were left of the deadline; None where there is none."""


class Method(Generic[Request, Response]):
    """What one method of a `FakeServer` does, set by the test, and the calls of it, read by the test."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer: Response | Callable[[Request], Response] | ShortlistError = answer
        """The answer to every call, a function of the request that returns it, or the error that every call ends with.

        The function may raise a ShortlistError. What an answer leaves out of `request_id`, `bundle_version` and
        `attribution_token` is filled in.
        """
        self.failures: list[ShortlistError | None] = []
        """What the next calls end with, one each and taken off as they come; None lets a call pass."""
        self.delay = 0.0
        """Seconds that each call waits for its end, less where the caller leaves before."""
        self.calls: list[Call[Request]] = []
        """Every call, in the order of arrival; those that failed and their repetitions are among them."""
        self._lock = threading.Lock()

    @property
    def requests(self) -> list[Request]:
        """The requests of `calls`."""
        return [call.request for call in self.calls]

    def unary(self, request: Request, context: Context) -> Response:
        """The handler that gRPC runs for each call."""
        self._arrive(request, context)
        try:
            return self._answer(request)
        except ShortlistError as error:
            _abort(context, error)

    def _arrive(self, request: Request, context: Context) -> None:
        metadata, remaining = dict(context.invocation_metadata()), context.time_remaining()
        with self._lock:
            self.calls.append(Call(request, metadata, remaining if remaining < _FOREVER else None))
            failure = self.failures.pop(0) if self.failures else None
        gone = threading.Event()
        if self.delay and context.add_callback(gone.set):
            gone.wait(self.delay)
        if failure is not None:
            _abort(context, failure)

    def _answer(self, request: Request) -> Response:
        answer = self.answer
        if isinstance(answer, ShortlistError):
            raise answer
        response = answer(request) if callable(answer) else copy.deepcopy(answer)
        if isinstance(response, Message):
            answers.complete(request, response)
        return response


class StreamMethod(Method[StreamRecommendRequest, StreamRecommendResponse]):
    """As `Method`, for each message of a stream. A message whose answer is an error is answered with that error."""

    def stream(self, requests: Iterator[StreamRecommendRequest], context: Context) -> Iterator[StreamRecommendResponse]:
        """The handler that gRPC runs for each stream."""
        for request in requests:
            self._arrive(request, context)
            yield self._answer(request)

    def _answer(self, request: StreamRecommendRequest) -> StreamRecommendResponse:
        try:
            return super()._answer(request)
        except ShortlistError as error:
            refused = StreamRecommendResponse(error=errors.to_status(error))
            answers.complete(request, refused)
            return refused


def _abort(context: Context, error: ShortlistError) -> NoReturn:
    context.set_trailing_metadata((("grpc-status-details-bin", errors.to_status(error).SerializeToString()),))
    context.abort(error.code, error.message)
