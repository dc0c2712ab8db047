"""Wire fields, counted by a reader that is written as the format's description is."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twins.messages import field, varint

NO_MESSAGE, PACKED = -1, -2
CHILDREN = np.array([[-1, 1, -1, -2, 0], [-1, -1, 0, -2, 1]], np.int32)  # [kind, number]


def read_varint(data, at, end):
    value = 0
    for place in range(10):
        if at >= end:
            break
        byte = int(data[at])
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return np.int64(np.uint64(value & (1 << 64) - 1)), at
    return np.int64(np.uint64(value & (1 << 64) - 1)), -1


def count_fields(data, children, root, most):
    def count(at, end, kind, depth, so_far):
        while at < end:
            so_far += 1
            if so_far > most:
                return so_far, False
            tag, at = read_varint(data, at, end)
            if at < 0:
                return so_far, False
            wire, number = int(tag) & 7, int(tag) >> 3
            if wire == 0:
                _, at = read_varint(data, at, end)
                if at < 0:
                    return so_far, False
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
                if at > end:
                    return so_far, False
            elif wire == 2:
                length, at = read_varint(data, at, end)
                if at < 0 or not 0 <= length <= end - at:
                    return so_far, False
                child = children[kind, number] if 0 <= number < children.shape[1] else NO_MESSAGE
                if child >= 0 and depth < 100:
                    so_far, sound = count(at, at + int(length), child, depth + 1, so_far)
                    if not sound:
                        return so_far, False
                elif child == PACKED:
                    so_far += int(length)
                at += int(length)
            elif wire > 5:
                return so_far, False
        return so_far, True

    return count(0, len(data), root, 0, 0)[0]


MESSAGES = st.recursive(
    st.lists(st.integers(0, 5).map(lambda number: varint(number << 3) + varint(7)), max_size=4).map(b"".join),
    lambda inner: st.lists(st.tuples(st.integers(1, 5), inner), max_size=4).map(
        lambda parts: b"".join(field(number << 3 | 2, content) for number, content in parts)
    ),
    max_leaves=30,
)


@st.composite
def count_fields_inputs(draw):
    data = draw(MESSAGES | st.binary(max_size=60))
    return np.frombuffer(data, np.uint8), CHILDREN, draw(st.integers(0, 1)), draw(st.sampled_from([0, 3, 10, 1000]))


@st.composite
def read_varint_inputs(draw):
    data = draw(st.integers(0, 2**63 - 1).map(varint) | st.binary(max_size=12))
    end = draw(st.integers(0, len(data)))
    return np.frombuffer(data, np.uint8), draw(st.integers(0, end)), end
