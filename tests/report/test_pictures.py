from __future__ import annotations

import base64
import io

from PIL import Image

from shortlist_report.pictures import SIDE, thumbnail


def test_a_picture_becomes_a_small_one_on_white(tmp_path):
    Image.new("RGBA", (400, 200), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    uri = thumbnail(tmp_path / "clear.png")
    kind, content = uri.split(",", 1)
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.size == (SIDE, SIDE // 2)
        assert min(image.getpixel((5, 5))) > 250


def test_what_is_no_picture_is_none(tmp_path):
    (tmp_path / "words.jpg").write_text("no picture")
    Image.new("RGB", (50, 50)).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:40])
    for name in ("words.jpg", "cut.png", "absent.jpg", "."):
        assert thumbnail(tmp_path / name) == ""
