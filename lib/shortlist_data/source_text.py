"""Text of a file in any encoding, as UTF-8, and which encoding it is."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path
from typing import BinaryIO, cast

from shortlist_core.errors import DataError

NO_TEXT = "\U0010ffff"
"""Stands for bytes that cannot be decoded, so that they cost their own row only; Unicode reserves it for such uses."""
_NO_TEXT_HANDLER = "shortlist-no-text"
codecs.register_error(_NO_TEXT_HANDLER, lambda error: (NO_TEXT, cast(UnicodeDecodeError, error).end))

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path, start: bytes, encoding: str) -> str:
    """The encoding of a file that begins with `start`: what its byte order mark says, else `encoding`.

    The mark of UTF-8 also goes before another encoding, which may have been said for the other files of an import.

    Raises DataError for no encoding of text, and for text half of which is NUL, which another encoding would explain.
    """
    try:
        codecs.getincrementaldecoder(encoding)
        "".encode(encoding)  # refuses what encodes no text, such as hex
    except (LookupError, TypeError) as error:
        raise DataError(f"{path}: there is no encoding {encoding!r}") from error
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if is_utf8(encoding):
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), encoding)
        if is_utf8(encoding) and start.count(0) * 4 > len(start):
            guess = "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
            raise DataError(f"{path}: it is full of NUL bytes, so it is no {encoding}: try --encoding {guess}")
    return encoding


def is_utf8(encoding: str) -> bool:
    """Whether that is a name of UTF-8."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


class Text(io.RawIOBase):
    """A file of any encoding as UTF-8, with NO_TEXT for bytes that are none."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_NO_TEXT_HANDLER)
        self.damaged = False  # whether NO_TEXT has come up
        self.skipped = 0  # lines
        self.tail = b""  # the last bytes that were read
        self.start = self._block(1 << 16)  # what the first read will return
        self._pending = self.start

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of UTF-8, some `size` of them; none at the end."""
        data, self._pending = self._pending or self._block(size), b""
        self.tail = (self.tail + data[-8:])[-8:]
        return data

    def skip(self, line: re.Pattern[bytes]) -> str | None:
        """What the group of `line` holds where the text begins with that line, which is left out then."""
        start = self.start.removeprefix(codecs.BOM_UTF8)
        if not (found := line.match(start)):
            return None
        self.start = self._pending = start[found.end() :]
        self.skipped += 1
        return found[1].decode()

    def _block(self, size: int) -> bytes:
        while True:
            data = self._file.read(size // 4)  # a byte of input is at most four of UTF-8
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                self.damaged = self.damaged or NO_TEXT in text
                return text.encode(errors="replace")
