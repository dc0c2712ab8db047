"""Text in lines of the length that documents have."""

from __future__ import annotations

import textwrap

WIDTH = 120


def wrapped(text: str, indent: str = "") -> str:
    """Each paragraph of a text in lines of at most 120 characters; all lines but the first begin with `indent`.

    Words and code spans are never broken, so that a line with a long one is longer.
    """
    return "\n\n".join(
        textwrap.fill(each, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for each in text.strip().split("\n\n")
    )


def cell(text: str) -> str:
    """A text as one cell of a table."""
    return text.replace("|", "\\|").replace("\n\n", "<br>").replace("\n", " ")


def table(*rows: tuple[str, ...]) -> str:
    """A table of cells; the first row is its head."""
    head, *body = rows
    lines = [_row(head), "|" + "---|" * len(head), *(_row(tuple(map(cell, row))) for row in body)]
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "|" + "|".join(f" {each} " if each else " " for each in cells) + "|"
