"""Cells that a spreadsheet would run as a formula (OWASP, CSV Injection)."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_data.spreadsheet import FORMULA, safe_cells


def safe(text: str) -> str:
    return str(safe_cells(pl.Series("x", [text]))[0])


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-2+3", "@sum(A1)", "\t=1", "\r=1", " =1", "＝1", "＠x", "-", "=cmd|' /C calc'!A0"]
)
def test_a_formula_gets_an_apostrophe_in_front(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", "i17", "-5", "+49170", "-1.5", "1e-3", "a=b", "'s-Hertogenbosch", "'", " x", "Müller"]
)
def test_other_texts_stay(text: str) -> None:
    assert safe(text) == text


@given(st.text(alphabet="'=+-@\t\r\n ab1.", max_size=6))
def test_one_apostrophe_less_gives_every_text_back(text: str) -> None:
    cell = safe(text)
    assert (cell[1:] if re.match(FORMULA, cell) and cell.startswith("'") else cell) == text


def test_missing_texts_stay_missing() -> None:
    assert safe_cells(pl.Series("x", [None, "=1"])).to_list() == [None, "'=1"]
