"""The items of an answer as protobuf has them on the wire, written by one compiled loop.

An answer of 50 items holds some 400 messages. To make each of them from Python costs ten times what it costs to write
their bytes and let protobuf read these in one go. The numbers of the fields are taken from the API's own descriptors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from shortlist.v1 import recommendation_pb2 as parts

from shortlist_bundle.live_items import LiveItems
from shortlist_bundle.strings import Spans, encode, joined
from shortlist_core.compiled import compiled
from shortlist_core.types import Bytes, Float32s, Int32s, Int64s, Ranked

_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types


@lru_cache(64)
def _tag(message: Descriptor, field: str, wire_type: int) -> int:
    """What stands before a field: one byte, as long as fields are numbered below 16."""
    tag = int(message.fields_by_name[field].number << 3 | wire_type)
    if tag > 0x7F:
        raise ValueError(f"{field} has too large a number for a tag of one byte")
    return tag


# A ScoredItem is the same without the reason.
_ITEM_FIELDS = {"item_id": _BYTES, "title": _BYTES, "score": _FLOAT, "sources": _BYTES, "reason": _BYTES}
_ITEM_TAGS = np.array([_tag(parts.RecommendedItem.DESCRIPTOR, *field) for field in _ITEM_FIELDS.items()], np.uint8)
_SHARE_TAG = _tag(parts.Reason.DESCRIPTOR, "share", _FLOAT)
_HIT_FIELDS = {"name": _BYTES, "rank": _VARINT, "score": _FLOAT}
_HIT_TAGS = np.array([_tag(parts.SourceHit.DESCRIPTOR, *field) for field in _HIT_FIELDS.items()], np.uint8)


def add_items(
    message: Message, ranked: Ranked, ids: Spans, titles: Spans, reasons: Sequence[bytes] | None = None
) -> None:
    """Put the answer's items into `message.items`: RecommendedItems where there are `reasons` [n], which are serialised
    Reasons without their shares, else ScoredItems; of each item the sources that proposed it, best rank first.
    """
    names, name_ends, longest = _names(ranked.hits.sources)
    told, told_ends = joined(reasons or [])
    written = _write(
        _tag(message.DESCRIPTOR, "items", _BYTES),
        _ITEM_TAGS,
        _HIT_TAGS,
        *ids,
        *titles,
        np.ascontiguousarray(ranked.scores, np.float32),
        names,
        name_ends,
        longest,
        np.ascontiguousarray(ranked.hits.ranks, np.int32),
        np.ascontiguousarray(ranked.hits.scores, np.float32),
        told,
        told_ends,
        _SHARE_TAG,
        np.ascontiguousarray(ranked.reasons.shares, np.float32),
    )
    message.MergeFromString(written.tobytes())


def warm(items: LiveItems) -> None:
    """Compile, or load what was compiled, before somebody waits for it."""
    add_items(parts.Recommendation(), Ranked.nothing(""), items.ids.spans([]), items.titles.spans([]))


@lru_cache(16)
def _names(sources: tuple[str, ...]) -> tuple[Bytes, Int64s, int]:
    """The names one after another, where each begins and ends, and the bytes of the longest: few kinds of answers."""
    names, ends = encode(sources)
    return names, ends, int(np.diff(ends).max(initial=0))


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
def _put_float(out: Bytes, at: int, tag: int, value: np.float32) -> int:
    out[at] = tag
    bits = np.float32(value).view(np.uint32)
    for k in range(4):
        out[at + 1 + k] = bits >> np.uint32(8 * k) & np.uint32(0xFF)
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
    """All items; a share that is none counts 0."""
    n, sources = ranks.shape
    with_reasons = len(reason_ends) > 1
    order, lengths = np.empty(sources, np.int64), np.empty(sources, np.int64)
    room = len(reasons)
    for i in range(n):
        room += 64 + id_ends[i] - id_begins[i] + title_ends[i] - title_begins[i]
        for s in range(sources):
            room += longest_name + 32 if ranks[i, s] > 0 else 0
    out = np.empty(room, np.uint8)
    at = 0
    for i in range(n):
        hits = _best_first(ranks[i], order)
        size = _length(id_ends[i] - id_begins[i]) + _length(title_ends[i] - title_begins[i]) + 5
        for k in range(hits):
            s = order[k]
            lengths[k] = _length(name_ends[s + 1] - name_ends[s]) + 1 + _varint_length(ranks[i, s]) + 5
            size += _length(lengths[k])
        if with_reasons:
            size += _length(reason_ends[i + 1] - reason_ends[i] + 5)
        out[at] = items_tag
        at = _put_varint(out, at + 1, size)
        at = _put(out, at, item_tags[0], ids, id_begins[i], id_ends[i])
        at = _put(out, at, item_tags[1], titles, title_begins[i], title_ends[i])
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
            share = min(shares[i], np.float32(1)) if 0 < shares[i] < np.inf else np.float32(0)
            at = _put_float(out, _copy(out, at, reasons, reason_ends[i], reason_ends[i + 1]), share_tag, share)
    return out[:at]
