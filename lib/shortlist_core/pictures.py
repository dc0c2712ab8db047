"""Pictures: reads a picture file of any usual kind into the small square of pixels that models read.

Training and servers read pictures by this one function, so the same file is the same input to both.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from shortlist_core.values import PICTURE_SIDE

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""What is read. Further formats that Pillow knows are rare in shops, and each is code for strangers to attack."""

MAX_PICTURE_PIXELS = 50_000_000
"""Of a picture as it comes: decoded it takes 200 MB. A small file can claim to be far larger."""

WHITE = (255, 255, 255)
"""Behind what is transparent and beside what is no square: pictures of goods mostly stand on it."""

# It warns of large pictures on opening them; those are refused below.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PictureError(ValueError):
    """A picture that cannot be read; the message says why, as the end of a sentence about the picture."""


def pixels_of(content: bytes, most: int = MAX_PICTURE_PIXELS) -> bytes:
    """The pixels of a picture file as data sets and stores keep them, PIXEL_BYTES of them; see `rgb_of`."""
    return rgb_of(content, PICTURE_SIDE, most).tobytes()


def png_of(pixels: bytes) -> bytes:
    """A PNG file with these pixels, from which `pixels_of` reads the same ones again."""
    file = io.BytesIO()
    Image.frombytes("RGB", (PICTURE_SIDE, PICTURE_SIDE), pixels).save(file, "PNG")
    return file.getvalue()


def rgb_of(content: bytes, side: int, most: int = MAX_PICTURE_PIXELS) -> Image.Image:
    """A picture file as a square of so many pixels of a side, in red, green and blue.

    The whole picture is scaled into it, nothing is cut. It is turned as its EXIF says, and of an animation the first
    frame counts. Raises PictureError where it cannot be read, or has more than `most` pixels.
    """
    if not content:
        raise PictureError("is empty")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > most:
                raise PictureError(f"has more than {most:,} pixels")
            image.draft("RGB", (4 * side, 4 * side))  # a large JPEG is decoded at a fraction of its size
            return _square(_on_white(ImageOps.exif_transpose(image)), side)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"has more than {most:,} pixels") from None
    except UnidentifiedImageError:
        raise PictureError(f"is none of {', '.join(FORMATS)}") from None
    except Exception:  # whatever a decoder makes of broken bytes: OSError, SyntaxError, ValueError, struct.error, ...
        raise PictureError("is broken") from None


def _on_white(image: Image.Image) -> Image.Image:
    """The picture in red, green and blue, in front of white where it is transparent."""
    if image.mode.startswith("I"):  # 16 bits of grey, which a plain conversion would cut off at 255
        grey = np.asarray(image, np.float32) / 256
        image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        ground = Image.new("RGBA", with_alpha.size, (*WHITE, 255))
        image = Image.alpha_composite(ground, with_alpha)
    return image.convert("RGB")


def _square(image: Image.Image, side: int) -> Image.Image:
    longer = max(image.size)
    image = image.resize([max(1, round(side * each / longer)) for each in image.size], Image.Resampling.BOX)
    square = Image.new("RGB", (side, side), WHITE)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square
