"""Item messages: a compiled loop writes the items of an answer in protobuf's wire format.

An answer of 50 items holds some 400 messages. Making each message in Python costs ten times as much as writing all
bytes and letting protobuf read them at once. The numbers of the fields come from the API's own descriptors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from shortlist.v1 import event_pb2
from shortlist.v1 import recommendation_pb2 as parts

from shortlist_bundle.live_items import LiveItems
from shortlist_bundle.strings import Spans, encode, joined
from shortlist_core.errors import AnswerTooLargeError
from shortlist_core.types import Bytes, Int64s, Ranked
from shortlist_kernels.messages import encode_items

UNBOUNDED = 1 << 62

_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types


@lru_cache(64)
def _tag(message: Descriptor, field: str, wire_type: int) -> int:
    """The tag before a field: one byte, which holds as long as fields are numbered below 16."""
    tag = int(message.fields_by_name[field].number << 3 | wire_type)
    if tag > 0x7F:
        raise ValueError(f"{field} has too large a number for a tag of one byte")
    return tag


# A ScoredItem has the same fields, but no reason.
_ITEM_FIELDS = {"item_id": _BYTES, "title": _BYTES, "score": _FLOAT, "sources": _BYTES, "reason": _BYTES}
_ITEM_TAGS = np.array([_tag(parts.RecommendedItem.DESCRIPTOR, *field) for field in _ITEM_FIELDS.items()], np.uint8)
_SHARE_TAG = _tag(parts.Reason.DESCRIPTOR, "share", _FLOAT)
_HIT_FIELDS = {"name": _BYTES, "rank": _VARINT, "score": _FLOAT}
_HIT_TAGS = np.array([_tag(parts.SourceHit.DESCRIPTOR, *field) for field in _HIT_FIELDS.items()], np.uint8)


def add_items(
    message: Message,
    ranked: Ranked,
    ids: Spans,
    titles: Spans,
    reasons: Sequence[bytes] | None = None,
    most_bytes: int = UNBOUNDED,
) -> None:
    """Put the answer's items into `message.items`, each with the sources that proposed it, best rank first.

    The items are RecommendedItems where `reasons` are given, else ScoredItems. `reasons` [n] are serialised Reasons
    without their shares. Raises AnswerTooLargeError where ids and titles alone have more than `most_bytes`, before
    they are copied.
    """
    _, id_starts, id_ends = ids
    _, title_starts, title_ends = titles
    if (size := int((id_ends - id_starts).sum() + (title_ends - title_starts).sum())) > most_bytes:
        raise AnswerTooLargeError(size, most_bytes)
    names, name_ends, longest = _names(ranked.hits.sources)
    reason_bytes, reason_ends = joined(reasons or [])
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
        reason_bytes,
        reason_ends,
        _SHARE_TAG,
        np.ascontiguousarray(ranked.reasons.shares, np.float32),
    )
    message.MergeFromString(written.tobytes())


def add_actions(items: Sequence[parts.RecommendedItem | parts.ScoredItem], ranked: Ranked) -> None:
    """Put how likely each action is into the items of the answer's message, where the answer tells it."""
    for action, probabilities in ranked.actions.items():
        for item, probability in zip(items, probabilities.tolist(), strict=True):
            item.action_probabilities.add(action=event_pb2.EventType.ValueType(action), probability=probability)


def warm(items: LiveItems) -> None:
    """Compile the loop, or load it from the cache of compiled code, before a request has to wait for that."""
    add_items(parts.Recommendation(), Ranked.nothing(""), items.ids.spans([]), items.titles.spans([]))


@lru_cache(16)
def _names(sources: tuple[str, ...]) -> tuple[Bytes, Int64s, int]:
    """The names one after another, where each begins and ends, and the bytes of the longest name.

    The result is cached, as answers have few different tuples of sources.
    """
    names, ends = encode(sources)
    return names, ends, int(np.diff(ends).max(initial=0))
