"""Messages on the wire: parsed within bounds that are checked first, and not sent where clients could not take them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.types import Int32s
from shortlist_kernels.wire_fields import NO_MESSAGE, PACKED, count_fields

R = TypeVar("R")
T = TypeVar("T")

LARGE = 256 * 1024
"""Bytes from which on a request is parsed and checked on a thread, so that the event loop goes on."""
MOST_FIELDS = 400_000
"""Most fields of a request, nested ones included. The largest request that the API allows has about 230,000.

Each takes a hundred bytes or so when it is parsed, and only two on the wire.
"""


class Malformed:
    """Stands for a message of a stream whose bytes are no message. `parsed` raises for it."""


def parsed(request: R | Malformed) -> R:
    """The request itself. Raises InvalidArgumentError where its bytes were no message of the method."""
    if isinstance(request, Malformed):
        raise malformed()
    return request


def malformed(why: str = "these bytes are no message of this method") -> InvalidArgumentError:
    """The error of a request that cannot be parsed."""
    return InvalidArgumentError([Violation("request", why)])


async def off_loop(work: Callable[[R], T], request: R, slow: bool = False) -> T:
    """The result of `work`, which runs on a thread where the request is large, or where it is `slow` in any case."""
    if slow or (isinstance(request, Message) and request.ByteSize() >= LARGE):
        return await asyncio.to_thread(work, request)
    return work(request)


class Parser:
    """Parses the requests of one method."""

    def __init__(self, method: str, deserialize: Callable[[bytes], Any]) -> None:
        self._deserialize = deserialize
        self._children = children(method)

    async def parse(self, data: bytes) -> Any:
        """The message. Raises InvalidArgumentError where the bytes are no message, or one of too many fields."""
        return self._parse(data) if len(data) < LARGE else await asyncio.to_thread(self._parse, data)

    def _parse(self, data: bytes) -> Any:
        if self._has_too_many_fields(data):
            raise malformed(f"has more than {MOST_FIELDS:,} fields")
        try:
            return self._deserialize(data)
        except DecodeError:
            raise malformed() from None

    def _has_too_many_fields(self, data: bytes) -> bool:
        if self._children is None or len(data) <= 2 * MOST_FIELDS:  # no field takes less than two bytes
            return False
        return _count(data, self._children) > MOST_FIELDS


def compile_loops() -> None:
    """Compile what counts fields, or load it from the disk, so that no request waits for that."""
    _count(b"\0", np.zeros((1, 1), np.int32))


def _count(data: bytes, children: Int32s) -> int:
    return count_fields(np.frombuffer(data, np.uint8), children, 0, MOST_FIELDS)


@cache
def children(method: str) -> Int32s | None:
    """What `count_fields` has to know of a method's request, whose kind is 0; None for an unknown method."""
    service, _, name = method[1:].rpartition("/")
    try:
        root = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name].input_type
    except KeyError:
        return None
    kinds: list[Descriptor] = [root]
    links = [(0, field) for field in root.fields]
    table: dict[tuple[int, int], int] = {}
    for kind, field in links:  # grows while it is read
        table[kind, field.number] = PACKED if _is_packed(field) else NO_MESSAGE
        if field.message_type is not None:
            if field.message_type not in kinds:
                kinds.append(field.message_type)
                links += [(len(kinds) - 1, nested) for nested in field.message_type.fields]
            table[kind, field.number] = kinds.index(field.message_type)
    most = max((number for _, number in table), default=0)
    array = np.full((len(kinds), most + 1), NO_MESSAGE, np.int32)
    for place, child in table.items():
        array[place] = child
    return array


def _is_packed(field: FieldDescriptor) -> bool:
    return field.is_repeated and field.type not in (
        FieldDescriptor.TYPE_STRING,
        FieldDescriptor.TYPE_BYTES,
        FieldDescriptor.TYPE_MESSAGE,
        FieldDescriptor.TYPE_GROUP,
    )
