"""Messages, put together from Python's bytes."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import strategies as st

from twins import draws
from twins.strings import joined

BYTES = st.binary(max_size=200)  # so that some lengths take two bytes
RANKS = st.sampled_from([0, 0, 1, 2, 3, 127, 128, 2**31 - 1])
NUMBERS = st.integers(0, 2**40) | st.sampled_from([0, 127, 128, 2**14 - 1, 2**14])


def varint(value):
    value = int(value)
    more = value >> 7
    return bytes([value & 0x7F | 0x80]) + varint(more) if more else bytes([value])


def field(tag, content):
    return bytes([tag]) + varint(len(content)) + content


def float_field(tag, value):
    return bytes([tag]) + struct.pack("<f", value)


def put(out, at, content):
    out[at : at + len(content)] = np.frombuffer(content, np.uint8)
    return at + len(content)


@st.composite
def places(draw):
    """Somewhere in an array that is long enough for whatever comes."""
    return np.full(300, 9, np.uint8), draw(st.integers(0, 5))


def varint_length(value):
    return len(varint(value))


def varint_length_inputs():
    return st.tuples(NUMBERS)


def put_varint(out, at, value):
    return put(out, at, varint(value))


def put_varint_inputs():
    return st.tuples(places(), NUMBERS).map(lambda drawn: (*drawn[0], drawn[1]))


def copy_bytes(out, at, content, begin, end):
    return put(out, at, content[begin:end].tobytes())


@st.composite
def copy_bytes_inputs(draw):
    content = np.frombuffer(draw(BYTES), np.uint8)
    begin, end = sorted([draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))])
    return *draw(places()), content.copy(), begin, end


def put_field(out, at, tag, content, begin, end):
    return put(out, at, field(tag, content[begin:end].tobytes()))


@st.composite
def put_field_inputs(draw):
    out, at, *span = draw(copy_bytes_inputs())
    return out, at, draw(st.integers(1, 127)), *span


def put_float(out, at, tag, value):
    return put(out, at, float_field(tag, value))


@st.composite
def put_float_inputs(draw):
    return *draw(places()), draw(st.integers(1, 127)), np.float32(draw(st.floats(width=32, allow_nan=False)))


def field_length(content):
    return 1 + varint_length(content) + content


def field_length_inputs():
    return st.tuples(NUMBERS)


def order_by_rank(ranks, order):
    best_first = [s for s in np.argsort(ranks, kind="stable") if ranks[s] > 0]
    order[: len(best_first)] = best_first
    return len(best_first)


@st.composite
def order_by_rank_inputs(draw):
    sources = draw(st.integers(0, 6))
    return draws.array(draw, np.int32, sources, RANKS), draws.zeros(np.int64, sources)


def encode_items(
    items_tag,
    item_tags,
    hit_tags,
    ids,
    id_begins,
    id_ends,
    titles,
    title_begins,
    title_ends,
    scores,
    names,
    name_ends,
    longest_name,
    ranks,
    hit_scores,
    reasons,
    reason_ends,
    share_tag,
    shares,
):
    encoded = b""
    for i in range(len(ranks)):
        item = field(item_tags[0], ids[id_begins[i] : id_ends[i]].tobytes())
        item += field(item_tags[1], titles[title_begins[i] : title_ends[i]].tobytes())
        item += float_field(item_tags[2], scores[i])
        order = np.zeros(ranks.shape[1], np.int64)
        for s in order[: order_by_rank(ranks[i], order)]:
            hit = field(hit_tags[0], names[name_ends[s] : name_ends[s + 1]].tobytes())
            hit += bytes([hit_tags[1]]) + varint(ranks[i, s]) + float_field(hit_tags[2], hit_scores[i, s])
            item += field(item_tags[3], hit)
        if len(reason_ends) > 1:
            share = min(shares[i], 1) if 0 < shares[i] < np.inf else 0
            reason = reasons[reason_ends[i] : reason_ends[i + 1]].tobytes()
            item += field(item_tags[4], reason + float_field(share_tag, share))
        encoded += field(items_tag, item)
    return np.frombuffer(encoded, np.uint8)


@st.composite
def encode_items_inputs(draw):
    n, sources = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    tags = [np.array(draw(st.lists(st.integers(1, 127), min_size=k, max_size=k)), np.uint8) for k in (5, 3)]
    of = [draw(st.lists(BYTES, min_size=k, max_size=k)) for k in (n, n, sources, draw(st.sampled_from([0, n])))]
    (ids, id_ends), (titles, title_ends), (names, name_ends), (reasons, reason_ends) = map(joined, of)
    finite = st.floats(width=32, allow_nan=False)
    return (
        draw(st.integers(1, 127)),
        *tags,
        *(ids, id_ends[:-1].copy(), id_ends[1:].copy()),
        *(titles, title_ends[:-1].copy(), title_ends[1:].copy()),
        draws.array(draw, np.float32, n, finite),
        *(names, name_ends, int(np.diff(name_ends).max(initial=0))),
        draws.array(draw, np.int32, (n, sources), RANKS),
        draws.array(draw, np.float32, (n, sources), finite),
        *(reasons, reason_ends),
        draw(st.integers(1, 127)),
        draws.array(draw, np.float32, n, st.sampled_from([-1, 0, 0.25, 1, 7, np.inf, np.nan])),
    )
