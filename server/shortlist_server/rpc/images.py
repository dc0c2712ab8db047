"""Images of requests: the pixels that models read of them, or why they are refused."""

from __future__ import annotations

from collections.abc import Callable

from shortlist_core.values import MAX_IMAGE, MAX_IMAGE_PIXELS


def image_pixels(content: bytes, refuse: Callable[[str], None]) -> bytes:
    """The pixels of a picture file, as a `CatalogItem` has them; empty where there is no file, or after `refuse`.

    Decoding takes milliseconds, so callers are on no thread that others wait for.
    """
    if not content:
        return b""
    if len(content) > MAX_IMAGE:
        refuse(f"must have at most {MAX_IMAGE:,} bytes, not {len(content):,}")
        return b""
    from shortlist_core.pictures import PictureError, pixels_of  # late: most servers are sent none

    try:
        return pixels_of(content, MAX_IMAGE_PIXELS)
    except PictureError as error:
        refuse(f"must be a picture that can be read; this one {error}")
        return b""
