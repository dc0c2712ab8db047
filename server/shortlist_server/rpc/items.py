"""Items to write, checked by the rules that the comments in `catalog_service.proto` promise."""

from __future__ import annotations

import math
from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist.v1.catalog_service_pb2 import ItemInput

from shortlist_core.catalog import CatalogItem
from shortlist_core.types import SECOND
from shortlist_core.values import (
    LAST_RELEASE,
    MAX_CATEGORIES,
    MAX_EMBEDDING,
    MAX_ITEM_ATTRIBUTES,
    MAX_TEXT,
    MAX_TITLE,
    MAX_VALUE,
    is_price,
)
from shortlist_server.rpc.checks import Check
from shortlist_server.rpc.images import image_pixels


def item_of(check: Check, message: ItemInput, vector_dim: int) -> CatalogItem:
    """An item to write, whose embedding holds `vector_dim` numbers, or any if that is 0."""
    check.different("categories", message.categories)
    return CatalogItem(
        item_id=check.id("item_id", message.item_id),
        title=check.short("title", message.title, MAX_TITLE),
        text=check.short("text", message.text, MAX_TEXT),
        categories=check.ids("categories", message.categories, MAX_CATEGORIES),
        price=_price(check, "price", message.price) if message.HasField("price") else None,
        attributes=check.pairs("attributes", message.attributes, MAX_ITEM_ATTRIBUTES, _value),
        embedding=_embedding(check, "embedding", message.embedding, vector_dim),
        available=not message.HasField("available") or message.available,
        release_time=_release(check, "release_time", message.release_time)
        if message.HasField("release_time")
        else None,
        pixels=image_pixels(message.image, lambda why: check.refuse("image", why)),
    )


def _embedding(check: Check, field: str, numbers: Sequence[float], dim: int) -> tuple[float, ...]:
    """The vector, if it is empty or holds `dim` numbers (any for 0), all finite and not all of them 0."""
    if dim and len(numbers) not in (0, dim):
        check.refuse(field, f"must hold {dim:,} numbers, as those of the serving bundle do, not {len(numbers):,}")
    check.length(field, numbers, MAX_EMBEDDING)
    if not all(map(math.isfinite, numbers)):
        check.refuse(field, "must hold finite numbers")
    elif numbers and not any(numbers):
        check.refuse(field, "must not be all 0, which has no direction")
    return tuple(numbers)


def _value(check: Check, field: str, value: str) -> str:
    """The text, if it is neither empty nor too long for the value of an item's attribute."""
    if not value.strip():
        check.refuse(field, "must not be empty")
    return check.short(field, value, MAX_VALUE)


def _price(check: Check, field: str, value: float) -> float:
    """The price, if it is finite and not negative."""
    if not is_price(value):
        check.refuse(field, f"must be a finite number, 0 or larger, not {value}")
    return value


def _release(check: Check, field: str, value: Timestamp) -> int:
    """The time at which an item came or comes out in microseconds, rounded down, if it lies in 1970 to 2100."""
    if not (0 <= value.seconds < LAST_RELEASE and 0 <= value.nanos < 1_000_000_000):
        check.refuse(field, "must be from 1970-01-01T00:00:00Z to the end of 2100")
    return value.seconds * SECOND + value.nanos // 1_000
