"""Pictures of any usual kind become small squares of pixels; what is no picture is said to be none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shortlist_core.pictures import PictureError, pixels_of
from shortlist_core.values import PICTURE_SIDE as SIDE
from shortlist_core.values import PIXEL_BYTES

RED, GREEN, WHITE = (200, 30, 40), (20, 180, 60), (255, 255, 255)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(content: bytes) -> np.ndarray:
    pixels = pixels_of(content)
    assert len(pixels) == PIXEL_BYTES
    return np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE, 3).astype(int)


def halves(mode: str = "RGB", width: int = 64, height: int = 64) -> Image.Image:
    """Red on the left, green on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height))
    return image.convert(mode)


def is_halves(pixels: np.ndarray, tolerance: int = 12) -> bool:
    left, right = pixels[4:-4, 2:14], pixels[4:-4, 18:-2]
    return bool((abs(left - RED) <= tolerance).all() and (abs(right - GREEN) <= tolerance).all())


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("GIF", "P"), ("BMP", "RGB"), ("PNG", "P")]
)
def test_every_kind_of_file_reads_alike(kind, mode):
    assert is_halves(read(saved(halves(mode), kind)))


def test_a_picture_of_a_printer_has_the_colours_that_it_shows():
    assert is_halves(read(saved(halves("CMYK"), "JPEG", quality=95)), 40)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_is_grey(mode):
    pixels = read(saved(Image.new("L", (50, 50), 255).convert(mode)))
    assert (pixels == 255).all()


def test_sixteen_bits_of_grey_keep_their_shades():
    shades = np.linspace(0, 65535, 64).astype(np.uint16)
    pixels = read(saved(Image.fromarray(np.tile(shades, (64, 1)))))
    assert pixels[16, 2, 0] < 30 < 110 < pixels[16, 16, 0] < 150 < 230 < pixels[16, -2, 0]


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("WEBP", "RGBA"), ("PNG", "LA")])
def test_what_is_transparent_is_white_whatever_colour_hides_there(kind, mode):
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 64, 32))
    pixels = read(saved(image.convert(mode), kind))
    assert (pixels[2:14] < 10).all() and (pixels[18:] > 245).all()


def test_a_palette_may_have_a_transparent_colour():
    image = Image.new("P", (40, 40), 0)
    image.putpalette([0, 0, 0, *RED])
    image.paste(1, (0, 0, 40, 20))
    pixels = read(saved(image, "GIF", transparency=0))
    assert (abs(pixels[2:14] - RED) < 3).all() and (pixels[18:] == 255).all()


def test_a_photo_is_turned_as_the_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned = halves().rotate(90, expand=True)  # what the camera saw, lying on its side
    assert is_halves(read(saved(turned, "JPEG", exif=exif, quality=95)))


def test_of_an_animation_the_first_frame_counts():
    frames = [halves(), Image.new("RGB", (64, 64), (0, 0, 255))]
    assert is_halves(read(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])))


@pytest.mark.parametrize(("width", "height"), [(200, 50), (50, 200), (1, 1), (3, 900), (3000, 2000)])
def test_the_whole_picture_is_kept_and_white_is_beside_it(width, height):
    pixels = read(saved(Image.new("RGB", (width, height), RED)))
    is_red, is_white = ((abs(pixels - colour) < 6).all(axis=2) for colour in (RED, WHITE))
    assert (is_red | is_white).all() and is_red[SIDE // 2 - 1, SIDE // 2 - 1]
    expected = SIDE * max(1, round(SIDE * min(width, height) / max(width, height)))
    assert abs(is_red.sum() - expected) <= SIDE
    assert is_red.any(axis=1).all() or is_red.any(axis=0).all()


def bomb(width: int, height: int) -> bytes:
    """A small file that claims to be a large picture."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(1000)))]
    packed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"not a picture at all", "is none of PNG, JPEG, WEBP, GIF, BMP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is none of"),
        (saved(halves(), "TIFF"), "is none of"),
        (saved(halves())[:100], "is broken"),
        (saved(halves(), "JPEG")[:400], "is broken"),
        (saved(halves(), "WEBP")[:60], "is broken|is none of"),
        (bomb(10_000, 9_000), "has more than 50,000,000 pixels"),
        (bomb(60_000, 60_000), "has more than 50,000,000 pixels"),
        (bomb(0, 7), "is broken|is none of"),
    ],
)
def test_what_cannot_be_read_says_why(content, why):
    with pytest.raises(PictureError, match=f"^({why})"):
        pixels_of(content)


@given(st.integers(0, 5), st.data())
def test_no_damage_does_more_than_make_a_picture_unreadable(kind, data):
    content = bytearray(saved(halves("RGB", 20, 20), ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PNG")[kind]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert len(pixels_of(bytes(content))) == PIXEL_BYTES
    except PictureError as error:
        assert str(error)
