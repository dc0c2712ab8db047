"""The items of an answer as protobuf has them on the wire, written by one compiled loop.

An answer of 50 items holds some 400 messages. To make each of them from Python costs ten times what it costs to write
their bytes and let protobuf read these in one go. The numbers of the fields are taken from the API's own descriptors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message
from shortlist.v1 import recommendation_pb2 as parts

from bundle.strings import encode, joined
from core.compiled import compiled
from core.types import Bytes, Float32s, Int32s, Int64s, Ranked

_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types


def _tag(message: type[Message] | Message, field: str, wire_type: int) -> int:
    """What stands before a field: one byte, as long as fields are numbered below 16."""
    tag = int(message.DESCRIPTOR.fields_by_name[field].number << 3 | wire_type)
    if tag > 0x7F:
        raise ValueError(f"{field} has too large a number for a tag of one byte")
    return tag


# A ScoredItem is the same without the reason.
_ITEM_FIELDS = {"item_id": _BYTES, "title": _BYTES, "score": _FLOAT, "sources": _BYTES, "reason": _BYTES}
_ITEM_TAGS = np.array([_tag(parts.RecommendedItem, *field) for field in _ITEM_FIELDS.items()], np.uint8)
_SHARE_TAG = _tag(parts.Reason, "share", _FLOAT)
_HIT_FIELDS = {"name": _BYTES, "rank": _VARINT, "score": _FLOAT}
_HIT_TAGS = np.array([_tag(parts.SourceHit, *field) for field in _HIT_FIELDS.items()], np.uint8)


def add_items(
    message: Any, ranked: Ranked, ids: Sequence[str], titles: Sequence[str], reasons: Sequence[bytes] | None = None
) -> None:
    """Put the answer's items into `message.items`: RecommendedItems where there are `reasons` [n], which are serialised
    Reasons without their shares, else ScoredItems; of each item the sources that proposed it, best rank first.
    """
    texts, text_ends = encode([text for pair in zip(ids, titles, strict=True) for text in pair])
    names, name_ends = encode(ranked.hits.sources)
    told, told_ends = joined(reasons or [])
    shares = np.array([reason.share for reason in ranked.reasons] if reasons else [], np.float32)
    ranks = ranked.hits.ranks
    longest = int(np.diff(name_ends).max(initial=0)) + 32
    size = len(texts) + len(told) + 64 * len(ids) + int(np.count_nonzero(ranks)) * longest
    written = np.empty(size, np.uint8)
    end = _write(
        _tag(message, "items", _BYTES),
        _ITEM_TAGS,
        _HIT_TAGS,
        texts,
        text_ends,
        _bytes_of(ranked.scores),
        names,
        name_ends,
        np.ascontiguousarray(ranks, np.int32),
        _bytes_of(ranked.hits.scores),
        told,
        told_ends,
        _SHARE_TAG,
        _bytes_of(np.clip(np.nan_to_num(shares, nan=0, posinf=0, neginf=0), 0, 1)),
        written,
    )
    message.MergeFromString(written[:end].data)


def warm() -> None:
    """Compile, or load what was compiled, before somebody waits for it."""
    add_items(parts.Recommendation(), Ranked.nothing(""), [], [])


def _bytes_of(numbers: Float32s) -> Bytes:
    """Little-endian, uint8 [..., 4]."""
    return np.ascontiguousarray(numbers, "<f4").view(np.uint8).reshape(*numbers.shape, 4)


@compiled
def _varint_length(value: int) -> int:
    length = 1
    while value > 0x7F:
        value >>= 7
        length += 1
    return length


@compiled
def _put_varint(out: Bytes, at: int, value: int) -> int:
    while value > 0x7F:
        out[at] = value & 0x7F | 0x80
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@compiled
def _put(out: Bytes, at: int, tag: int, content: Bytes, begin: int, end: int) -> int:
    out[at] = tag
    return _copy(out, _put_varint(out, at + 1, end - begin), content, begin, end)


@compiled
def _copy(out: Bytes, at: int, content: Bytes, begin: int, end: int) -> int:
    for k in range(begin, end):
        out[at] = content[k]
        at += 1
    return at


@compiled
def _put_float(out: Bytes, at: int, tag: int, content: Bytes) -> int:
    out[at] = tag
    for k in range(4):
        out[at + 1 + k] = content[k]
    return at + 5


@compiled
def _length(content: int) -> int:
    """Of a field with so many bytes of content."""
    return 1 + _varint_length(content) + content


@compiled
def _best_first(ranks: Int32s, order: Int64s) -> int:
    """Put the places of the ranks above 0 into `order`, lowest rank first; how many there are."""
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
def _write(
    items_tag: int,
    item_tags: Bytes,
    hit_tags: Bytes,
    texts: Bytes,
    text_ends: Int64s,
    scores: Bytes,
    names: Bytes,
    name_ends: Int64s,
    ranks: Int32s,
    hit_scores: Bytes,
    reasons: Bytes,
    reason_ends: Int64s,
    share_tag: int,
    shares: Bytes,
    out: Bytes,
) -> int:
    """Write all items into `out`; how many bytes they took."""
    n, sources = ranks.shape
    with_reasons = len(reason_ends) > 1
    order, lengths = np.empty(sources, np.int64), np.empty(sources, np.int64)
    at = 0
    for i in range(n):
        begin, middle, end = text_ends[2 * i], text_ends[2 * i + 1], text_ends[2 * i + 2]
        hits = _best_first(ranks[i], order)
        size = _length(middle - begin) + _length(end - middle) + 5
        for k in range(hits):
            s = order[k]
            lengths[k] = _length(name_ends[s + 1] - name_ends[s]) + 1 + _varint_length(ranks[i, s]) + 5
            size += _length(lengths[k])
        if with_reasons:
            size += _length(reason_ends[i + 1] - reason_ends[i] + 5)
        out[at] = items_tag
        at = _put_varint(out, at + 1, size)
        at = _put(out, at, item_tags[0], texts, begin, middle)
        at = _put(out, at, item_tags[1], texts, middle, end)
        at = _put_float(out, at, item_tags[2], scores[i])
        for k in range(hits):
            s = order[k]
            out[at] = item_tags[3]
            at = _put_varint(out, at + 1, lengths[k])
            at = _put(out, at, hit_tags[0], names, name_ends[s], name_ends[s + 1])
            out[at] = hit_tags[1]
            at = _put_varint(out, at + 1, ranks[i, s])
            at = _put_float(out, at, hit_tags[2], hit_scores[i, s])
        if with_reasons:
            out[at] = item_tags[4]
            at = _put_varint(out, at + 1, reason_ends[i + 1] - reason_ends[i] + 5)
            at = _put_float(out, _copy(out, at, reasons, reason_ends[i], reason_ends[i + 1]), share_tag, shares[i])
    return at
