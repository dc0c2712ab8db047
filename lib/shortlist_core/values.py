"""Values: what an id, a category, a title, a text, a price and a time may be.

One rule for requests, imports and training, so that whatever is answered can be asked for. The comments in
`protos/shortlist/v1` promise it to callers.
"""

from __future__ import annotations

import math
import re

from shortlist_core.types import DAY

MAX_ID = 128
MAX_TITLE, MAX_TEXT = 1_000, 10_000
MAX_CATEGORIES, MAX_ITEM_ATTRIBUTES = 100, 64
"""Of one item."""

MAX_EMBEDDING = 4_096
"""Numbers of the vector that a caller has of an item."""

PICTURE_SIDE = 32
"""Pixels of a side of a picture as models read it. Colours, shapes and coarse patterns show, and an item takes 3 kB."""

PIXEL_BYTES = 3 * PICTURE_SIDE**2
"""Bytes of a picture as it is stored: rows from the top, each pixel as red, green and blue."""

MAX_IMAGE, MAX_IMAGE_PIXELS = 256 * 1024, 4_000_000
"""Bytes and pixels of a picture that a request brings along."""

MAX_VALUE = 1_000
"""Characters of the value of an item's attribute."""

LAST_RELEASE = 4_133_980_800
"""Seconds since 1970 before which an item must come out: the end of the year 2100."""

CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""What no id and no category holds: the categories Cc, Zl and Zp of Unicode; a pattern for Python and for Polars."""

ID_RULE = f"must be 1 to {MAX_ID} characters, none of them a control character, no white space at the ends"

# Nor lone surrogates, which protobuf lets into no message and Polars into no frame; JSON does.
_ID = re.compile(rf"(?!\s)[^{CONTROL[1:-1]}\ud800-\udfff]{{1,{MAX_ID}}}(?<!\s)")


def is_id(value: object) -> bool:
    """Whether `value` can be the id of a user, an item, an event or a session, or the name of a category."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_price(value: float) -> bool:
    """Whether `value` can be a price: finite, 0 or larger."""
    return 0 <= value < math.inf


def is_time(micros: int, now: int) -> bool:
    """Whether an event can have that time: from 1970 to a day from `now`, all in microseconds since 1970."""
    return 0 <= micros <= now + DAY
