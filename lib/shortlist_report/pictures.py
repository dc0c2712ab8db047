"""Pictures: small copies of items' images as data URIs, so that a page shows them without a network."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

SIDE, QUALITY = 96, 70
"""Pixels of the longer side, twice of what is shown; JPEG's quality. A thumbnail has some 3 KB."""


def thumbnail(path: Path) -> str:
    """The image of a file as a data URI; empty where there is none that can be read."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (SIDE, SIDE))
            image.thumbnail((SIDE, SIDE))
            opaque = Image.new("RGB", image.size, "white")
            opaque.paste(image.convert("RGBA"), mask=image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return ""
    content = io.BytesIO()
    opaque.save(content, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
