"""Calls that make little sense, drawn from a seed: of every method, reflection and health included."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from shortlist.v1.recommendation_service_pb2 import StreamRecommendResponse

from shortlist_server.rpc.auth import TABLE

METHODS = sorted(TABLE)
STREAMS = [method for method in METHODS if method.endswith(("/StreamRecommend", "/ServerReflectionInfo"))]
WATCH = "/grpc.health.v1.Health/Watch"
UNARY = [method for method in METHODS if method not in (*STREAMS, WATCH)]
REFLECTED = ("shortlist.v1.RecommendationService", "shortlist.v1.recommendation_service.proto", "google.protobuf.Any")
NAMES = ("", "i1", "i39", "ann", "tea", "who?", " ", "x" * 129, "a\nb", "\U0001f375", "\0", "\u2028", *REFLECTED)
NUMBERS = (0, 1, 3, 500, 501, 2_000, -1, 2**31 - 1, -(2**31))
FLOATS = (0.0, 0.5, 1.0, -1.0, 2.0, 1e308, float("nan"), float("inf"))
IN_TOKENS = ("", "\ud800", "a\udfffb", "\0", "x" * 400, 0, -1, 2**70, 1.5, 1e300, True, None, [], {}, [[]] * 3)
DEFECTS = (code_pb2.INTERNAL, code_pb2.UNKNOWN, code_pb2.DATA_LOSS)


def request_of(method: str) -> type[Message]:
    """The class of a method's request."""
    service, _, name = method[1:].rpartition("/")
    if name == "ServerReflectionInfo":  # the messages of both versions are the same
        return reflection_pb2.ServerReflectionRequest  # type: ignore[no-any-return]
    kind = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name].input_type
    return GetMessageClass(kind)


@dataclass(frozen=True)
class FuzzCall:
    """One call: a method, and the bytes of what it is sent."""

    method: str
    messages: tuple[bytes, ...]

    def make(self, channel: grpc.Channel, seconds: float) -> grpc.StatusCode:
        """The status that the call ends with; INTERNAL also where an answer within a stream says so."""
        responses = channel.stream_stream(self.method)(iter(self.messages), timeout=seconds)
        try:
            for response in responses:
                if self.method == WATCH:  # it lasts until somebody ends it
                    responses.cancel()
                    return grpc.StatusCode.OK
                if self._says(response) in DEFECTS:
                    return grpc.StatusCode.INTERNAL
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def _says(self, response: bytes) -> int:
        if self.method.endswith("/StreamRecommend"):
            return StreamRecommendResponse.FromString(response).error.code
        if self.method.endswith("/ServerReflectionInfo"):
            return int(reflection_pb2.ServerReflectionResponse.FromString(response).error_response.error_code)
        return code_pb2.OK


class Fuzz:
    """Draws calls from a seed. `names` are further texts that mean something to the server, such as versions."""

    def __init__(self, seed: int, names: Sequence[str] = ()) -> None:
        self._draw = random.Random(seed)
        self._names = (*NAMES, *names)  # the last one stands for the bundle that serves
        self._kinds: tuple[Callable[[str], bytes], ...] = (
            self._values,
            self._values,
            self._damaged,
            self._damaged,
            self._bytes,
            self._token,
            self._deep,
        )

    def call(self) -> FuzzCall:
        """The next call."""
        method = self._draw.choice(METHODS)
        count = self._draw.choice((0, 1, 2, 5)) if method in STREAMS else self._draw.choice((0, 1, 1, 1, 1, 2))
        return FuzzCall(method, tuple(self._draw.choice(self._kinds)(method) for _ in range(count)))

    def _values(self, method: str) -> bytes:
        return self._message(request_of(method)).SerializeToString()

    def _damaged(self, method: str) -> bytes:
        data = bytearray(self._values(method))
        for _ in range(self._draw.randrange(1, 4)):
            place = self._draw.randrange(len(data) + 1)
            match self._draw.randrange(4):
                case 0 if data:
                    data[place % len(data)] ^= 1 << self._draw.randrange(8)
                case 1:
                    del data[place:]
                case 2:
                    data[place:place] = self._draw.randbytes(self._draw.randrange(1, 9))
                case _:
                    data[place:place] = b"\xed\xa0\x80"  # a lone surrogate, as UTF-8 would have it if it could
        return bytes(data)

    def _bytes(self, method: str) -> bytes:
        return self._draw.randbytes(self._draw.randrange(64))

    def _deep(self, method: str) -> bytes:
        """A field within a field within a field."""
        data, tag = b"", self._draw.randrange(1, 16) << 3
        for _ in range(self._draw.choice((1, 10, 99, 101, 1_000))):
            data = (
                bytes([tag | 2]) + _varint(len(data)) + data if self._draw.random() < 0.9 else bytes([tag | 3]) + data
            )
        return data

    def _token(self, method: str) -> bytes:
        """A page token that is almost one, for methods that take one."""
        request = self._message(request_of(method))
        if "page_token" in request.DESCRIPTOR.fields_by_name:
            request.page_token = self.token()  # type: ignore[attr-defined]
            setattr(request, "page_size" if "page_size" in request.DESCRIPTOR.fields_by_name else "count", 1)
            if "user_id" in request.DESCRIPTOR.fields_by_name:
                request.user_id = "ann"  # type: ignore[attr-defined]
        return request.SerializeToString()

    def token(self) -> str:
        """Base64 of something, mostly of a list as in the tokens that servers make."""
        parts = [self._draw.choice((*IN_TOKENS, *self._names)) for _ in range(self._draw.randrange(1, 5))]
        if self._draw.random() < 0.5:  # as ListItems makes them: version, row, item
            parts = [self._names[-1], self._draw.choice((0, 3, 10**6, 2**70)), self._draw.choice(IN_TOKENS)]
        text = json.dumps(parts, ensure_ascii=self._draw.random() < 0.7)
        encoding = self._draw.choice(("utf-8", "utf-8", "utf-16", "utf-32", "latin-1"))
        content = text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")
        return base64.urlsafe_b64encode(content[: self._draw.choice((20, 10_000))]).decode()

    def _message(self, kind: type[Message], depth: int = 10) -> Message:
        message = kind()
        for field in kind.DESCRIPTOR.fields:
            if self._draw.random() < 0.5 and (depth or not field.message_type):
                self._set(message, field, depth)
        return message

    def _set(self, message: Message, field: FieldDescriptor, depth: int) -> None:
        values = [self._value(field, depth) for _ in range(self._draw.randrange(4) if field.is_repeated else 1)]
        try:
            if field.is_repeated:
                getattr(message, field.name).extend(values)
            elif field.message_type:
                getattr(message, field.name).CopyFrom(values[0])
            else:
                setattr(message, field.name, values[0])
        except (ValueError, DecodeError):  # out of the range of this field
            pass

    def _value(self, field: FieldDescriptor, depth: int) -> Any:
        if field.message_type:
            return self._message(GetMessageClass(field.message_type), depth - 1)
        match field.type:
            case FieldDescriptor.TYPE_STRING if field.name == "page_token":
                return self.token()
            case FieldDescriptor.TYPE_STRING:
                return self._draw.choice(self._names)
            case FieldDescriptor.TYPE_BYTES:
                return self._draw.randbytes(8)
            case FieldDescriptor.TYPE_BOOL:
                return self._draw.random() < 0.5
            case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
                return self._draw.choice(FLOATS)
        return self._draw.choice(NUMBERS)


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


assert health_pb2.DESCRIPTOR  # registers the messages of health
