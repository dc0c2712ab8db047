"""Wire fields: how many fields a message of protobuf's wire format has, nested ones included, before it is parsed."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Bytes, Int32s
from shortlist_kernels.compiled import compiled

NO_MESSAGE = -1  # a field that is no message: its content is not looked into
PACKED = -2  # a field of many numbers in one: every byte of it counts, which may be a number

_DEEPEST = 100  # protobuf refuses messages that are nested deeper


@compiled
def count_fields(data: Bytes, children: Int32s, root: int, most: int) -> int:
    """Return how many fields `data`, a message of kind `root`, has. Counting ends when there are more than `most`.

    `children[kind, number]` is the kind of message that the field with this number holds, NO_MESSAGE or PACKED. Where
    `data` is no message, the fields before the first mistake are counted: the parser refuses it anyway.
    """
    ends = np.empty(_DEEPEST + 1, np.int64)
    kinds = np.empty(_DEEPEST + 1, np.int64)
    depth, at, count = 0, 0, 0
    ends[0], kinds[0] = len(data), root
    while True:
        while depth and at >= ends[depth]:
            depth -= 1
        if at >= ends[depth]:
            return count
        count += 1
        if count > most:
            return count
        tag, at = read_varint(data, at, ends[depth])
        if at < 0:
            return count
        wire, number = int(tag) & 7, int(tag) >> 3
        if wire == 0:
            tag, at = read_varint(data, at, ends[depth])
            if at < 0:
                return count
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire == 2:
            size, at = read_varint(data, at, ends[depth])
            length = int(size)
            if at < 0 or length < 0 or length > ends[depth] - at:
                return count
            child = children[kinds[depth], number] if 0 <= number < children.shape[1] else NO_MESSAGE
            if child >= 0 and depth < _DEEPEST:
                depth += 1
                ends[depth], kinds[depth] = at + length, child
            else:
                count += length if child == PACKED else 0
                at += length
        elif wire > 5:
            return count
        # Groups, 3 and 4, are begin and end alone: what is between them counts like fields of the message around it.


@compiled
def read_varint(data: Bytes, at: int, end: int) -> tuple[np.int64, int]:
    """Return the varint at `data[at]` and the place behind it; the place is -1 where it does not end before `end`."""
    value, shift = np.int64(0), 0
    while at < end and shift < 64:
        byte = np.int64(data[at])
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return value, -1
