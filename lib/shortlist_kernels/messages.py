"""Messages: the items of an answer in protobuf's wire format."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Bytes, Float32s, Int32s, Int64s
from shortlist_kernels.compiled import compiled


@compiled
def varint_length(value: int) -> int:
    """Return how many bytes a varint of `value`, 0 or more, has: one for every seven bits."""
    length = 1
    while value > 0x7F:
        value >>= 7
        length += 1
    return length


@compiled
def put_varint(out: Bytes, at: int, value: int) -> int:
    """Write `value`, 0 or more, as a varint from `out[at]` on; returns the place behind it."""
    while value > 0x7F:
        out[at] = value & 0x7F | 0x80
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@compiled
def put_field(out: Bytes, at: int, tag: int, content: Bytes, begin: int, end: int) -> int:
    """Write a field of bytes, `content[begin:end]`, from `out[at]` on: tag, length, content. Returns the place
    behind it.
    """
    out[at] = tag
    return copy_bytes(out, put_varint(out, at + 1, end - begin), content, begin, end)


@compiled
def copy_bytes(out: Bytes, at: int, content: Bytes, begin: int, end: int) -> int:
    """Copy `content[begin:end]` to `out[at]` and the places behind it; returns the place behind the last."""
    for k in range(begin, end):
        out[at] = content[k]
        at += 1
    return at


@compiled
def put_float(out: Bytes, at: int, tag: int, value: np.float32) -> int:
    """Write a field of four bytes, the float little-endian, from `out[at]` on; returns the place behind it."""
    out[at] = tag
    bits = np.float32(value).view(np.uint32)
    for k in range(4):
        out[at + 1 + k] = bits >> np.uint32(8 * k) & np.uint32(0xFF)
    return at + 5


@compiled
def field_length(content: int) -> int:
    """Return the length of a field with `content` bytes of content, its tag of one byte and its length included."""
    return 1 + varint_length(content) + content


@compiled
def order_by_rank(ranks: Int32s, order: Int64s) -> int:
    """Put the positions of the ranks above 0 into the front of `order`, lowest rank first, of equal ones the first
    first.

    `ranks` int32 [sources], `order` int64 [sources]; returns how many there are.
    """
    n = 0
    for s in range(len(ranks)):
        if ranks[s] > 0:
            at = n
            while at > 0 and ranks[order[at - 1]] > ranks[s]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = s
            n += 1
    return n


@compiled
def encode_items(
    items_tag: int,
    item_tags: Bytes,
    hit_tags: Bytes,
    ids: Bytes,
    id_begins: Int64s,
    id_ends: Int64s,
    titles: Bytes,
    title_begins: Int64s,
    title_ends: Int64s,
    scores: Float32s,
    names: Bytes,
    name_ends: Int64s,
    longest_name: int,
    ranks: Int32s,
    hit_scores: Float32s,
    reasons: Bytes,
    reason_ends: Int64s,
    share_tag: int,
    shares: Float32s,
) -> Bytes:
    """Encode all items of an answer as the repeated field `items` of a message, uint8 [bytes].

    Item i has an id `ids[id_begins[i]:id_ends[i]]`, a title likewise, a score, one SourceHit per rank above 0 of
    `ranks` int32 [n, sources], best first, and, where there are reasons (`reason_ends` int64 [n + 1]), a serialised
    Reason to which its share is added, limited to 1, and 0 where it is not a finite number above 0. The name of
    source s is `names[name_ends[s]:name_ends[s + 1]]`. Tags are single bytes: of id, title, score, hit, reason in
    `item_tags`; of name, rank, score in `hit_tags`.
    """
    n, sources = ranks.shape
    with_reasons = len(reason_ends) > 1
    order, lengths = np.empty(sources, np.int64), np.empty(sources, np.int64)
    capacity = len(reasons)
    for i in range(n):
        capacity += 64 + id_ends[i] - id_begins[i] + title_ends[i] - title_begins[i]
        for s in range(sources):
            capacity += longest_name + 32 if ranks[i, s] > 0 else 0
    out = np.empty(capacity, np.uint8)
    at = 0
    for i in range(n):
        hits = order_by_rank(ranks[i], order)
        size = field_length(id_ends[i] - id_begins[i]) + field_length(title_ends[i] - title_begins[i]) + 5
        for k in range(hits):
            s = order[k]
            lengths[k] = field_length(name_ends[s + 1] - name_ends[s]) + 1 + varint_length(ranks[i, s]) + 5
            size += field_length(lengths[k])
        if with_reasons:
            size += field_length(reason_ends[i + 1] - reason_ends[i] + 5)
        out[at] = items_tag
        at = put_varint(out, at + 1, size)
        at = put_field(out, at, item_tags[0], ids, id_begins[i], id_ends[i])
        at = put_field(out, at, item_tags[1], titles, title_begins[i], title_ends[i])
        at = put_float(out, at, item_tags[2], scores[i])
        for k in range(hits):
            s = order[k]
            out[at] = item_tags[3]
            at = put_varint(out, at + 1, lengths[k])
            at = put_field(out, at, hit_tags[0], names, name_ends[s], name_ends[s + 1])
            out[at] = hit_tags[1]
            at = put_varint(out, at + 1, ranks[i, s])
            at = put_float(out, at, hit_tags[2], hit_scores[i, s])
        if with_reasons:
            out[at] = item_tags[4]
            at = put_varint(out, at + 1, reason_ends[i + 1] - reason_ends[i] + 5)
            share = min(shares[i], np.float32(1)) if 0 < shares[i] < np.inf else np.float32(0)
            at = put_float(out, copy_bytes(out, at, reasons, reason_ends[i], reason_ends[i + 1]), share_tag, share)
    return out[:at]
