"""The terminal: the one place that turns data into text that is safe to show.

Ids, titles, paths and messages of others may hold escape sequences, line breaks, characters that turn the direction of
the text, and words in brackets that rich takes for markup. None of them has its effect here: all are shown as text.
"""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from collections.abc import Iterable

from rich.console import Console

PIPE_WIDTH = 80
"""Columns of a table that is written to a file or a pipe, which have no width; COLUMNS may say another one."""

_JOINERS = "\u200c\u200d"  # they shape the letters beside them, in Persian or in emoji, and do nothing else


def plain(text: object) -> str:
    """The text in one line without any character that could act: each is shown as its escape, such as `\\x1b` or `\\n`.

    Blanks of any kind are shown as a blank. A text of printable characters comes back as it is.
    """
    line = str(text)
    return line if line.isprintable() else "".join(map(_shown, line))


def plain_json(text: str, ascii_only: bool = False) -> str:
    """A JSON text whose strings hold no character that could act: each becomes its escape, so the content is equal."""
    if text.isprintable() and (text.isascii() or not ascii_only):
        return text

    def shown(c: str) -> bool:
        # Line breaks lie between the parts of a JSON text, never within its strings.
        return c == "\n" or ((c.isprintable() or c in _JOINERS) and (c.isascii() or not ascii_only))

    return "".join(c if shown(c) else "".join(f"\\u{unit:04x}" for unit in _units(c)) for c in text)


def quoted(value: object) -> str:
    """What somebody typed, whole and in quotes: blanks at its ends show, and what cannot be printed is escaped."""
    return repr(str(value))


def say(line: object, error: bool = False) -> None:
    """Print one line on standard output, or on standard error. Whatever the line was made of, it stays one line."""
    stream = sys.stderr if error else sys.stdout
    print(plain(line), file=stream, flush=True)


def say_json(text: str) -> None:
    """Print a JSON text on standard output, line breaks between its parts included."""
    knows_all = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print(plain_json(text, ascii_only=not knows_all), flush=True)


def write_escapes() -> None:
    """From now on, standard output and error write an escape for what their encoding lacks, and raise nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def output(error: bool = False) -> Console:
    """Standard output for tables, or standard error: as wide as the terminal, or as COLUMNS says.

    It takes no text for markup. Colours are for terminals alone, and NO_COLOR turns them off there, too.
    """
    stream = sys.stderr if error else sys.stdout
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    return console


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if unicodedata.category(character) == "Zs":  # a blank that does not break, or is narrower
        return " "
    return repr(character)[1:-1]


def _units(character: str) -> Iterable[int]:
    """The UTF-16 units of a character, which JSON escapes are made of."""
    raw = character.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))
