"""Data on a terminal: it is shown as text, whatever it holds."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_core import terminal
from shortlist_core.tables import Table
from shortlist_core.terminal import plain, plain_json, quoted

ACTING = ["\x1b[31m", "\x1b]8;;http://x\x07", "\x9b31m", "\x7f", "\x00", "\r", "\n", "\t", "\u2028", "\u202e", "\u2066"]


@pytest.mark.parametrize("acting", ACTING)
def test_what_could_act_is_shown_as_its_escape(acting: str) -> None:
    shown = plain(f"a{acting}b")
    assert shown.isprintable() and shown == "a" + repr(acting)[1:-1] + "b"


@pytest.mark.parametrize(
    "text", ["Tea ☕ [red] [/] \\x1b", "Müller & Söhne", "日本語", "👨\u200d👩\u200d👧", "می\u200cخواهم", ""]
)
def test_other_texts_come_back_as_they_are(text: str) -> None:
    assert plain(text) == text


def test_blanks_of_any_kind_are_blanks() -> None:
    assert plain("12\xa0000\u202fEUR\u3000x") == "12 000 EUR x"


@given(st.text())
def test_every_text_is_one_line_that_does_nothing(text: str) -> None:
    assert plain(text).replace("\u200c", "").replace("\u200d", "").isprintable()


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.booleans())
def test_json_keeps_its_content_and_holds_nothing_that_acts(content: object, ascii_only: bool) -> None:
    shown = plain_json(json.dumps(content, ensure_ascii=False, indent=1), ascii_only)
    assert json.loads(shown) == content
    assert not ascii_only or shown.isascii()
    assert all(c == "\n" or c in "\u200c\u200d" or c.isprintable() for c in shown)


def test_what_was_typed_is_quoted_whole() -> None:
    assert quoted(" a b\n\x1b") == r"' a b\n\x1b'"
    assert quoted("x" * 5_000) == f"'{'x' * 5_000}'"


def printed(table: Table, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: "tty" in environment  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.output().print(table)
    return stream.getvalue()


def table() -> Table:
    made = Table("id", "[bold]title", title="Item [/x] \x1b[31m")
    made.row("i\x9b1", "[used] Camera [/red] :smiley: [link=http://x]y[/link]")
    return made


def test_a_table_takes_nothing_for_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(table(), monkeypatch)
    for shown in (
        "Item [/x] \\x1b[31m",
        "[bold]title",
        "i\\x9b1",
        "[used] Camera [/red] :smiley: [link=http://x]y[/link]",
    ):
        assert shown in text
    assert "\x1b" not in text and "\x9b" not in text


def test_long_cells_are_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Table("id", "title")
    made.row("i" * 300, "t" * 300)
    text = printed(made, monkeypatch)
    assert (text.count("i"), text.count("t")) == (300 + 2, 300 + 2)  # with those of the heads


@pytest.mark.parametrize(
    ("environment", "coloured", "styled"),
    [
        ({}, False, False),
        ({"tty": "1", "TERM": "xterm-256color"}, True, True),
        ({"tty": "1", "TERM": "xterm-256color", "NO_COLOR": "1"}, False, True),
        ({"tty": "1", "TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "xterm-256color"}, True, True),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    environment: dict[str, str], coloured: bool, styled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.text import Text

    made = Table("id", title="Shop")
    made.add_row(Text("x", style="red"))
    text = printed(made, monkeypatch, **environment)
    assert ("\x1b[31m" in text) == coloured
    assert ("\x1b[" in text) == styled


def test_a_stream_without_unicode_gets_escapes_and_json_stays_json(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    terminal.write_escapes()
    terminal.say("Tee ☕ Müller")
    terminal.say_json('{"title": "Tee ☕ Müller"}')
    line, encoded = raw.getvalue().decode("latin-1").splitlines()
    assert line == "Tee \\u2615 Müller"
    assert json.loads(encoded) == {"title": "Tee ☕ Müller"}
