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
from shortlist_core.types import Bytes, Int64s, Ranked
from shortlist_kernels.messages import encode_items

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
    written = encode_items(
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
