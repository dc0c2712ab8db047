"""The page: valid HTML of the record, whatever names hold, that asks nothing of a network."""

from __future__ import annotations

import re
from dataclasses import replace

import html5lib
import pytest
from sample_record import BOTH, HOSTILE, bare, sample

from shortlist_report.page import gain, number, probability, prose, render

SVG = "{http://www.w3.org/2000/svg}svg"
SECTIONS = ("systems", "segments", "ablations", "calibration", "beyond", "training", "choices", "examples", "data")
EMPTIED = {
    "systems": "systems", "segments": "segments", "ablations": "ablations", "calibration": "calibration",
    "curves": "training", "choices": "choices", "examples": "examples", "data": "data",
}  # fmt: skip
"""Field of the record -> the section that shows it."""


def parsed(page):
    """The document; raises where it is not valid HTML."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def text_of(element):
    return " ".join(" ".join(element.itertext()).split())


@pytest.fixture(scope="module")
def page():
    return render(sample())


def section(page, name):
    return parsed(page).find(f".//section[@id='{name}']")


def test_every_section_is_there_and_says_something(page):
    for name in SECTIONS:
        assert len(text_of(section(page, name))) > 40, name
    assert len(section(page, "systems").findall(f".//{SVG}")) == 2
    assert len(section(page, "beyond").findall(f".//{SVG}")) == 5


def test_the_verdict_comes_first(page):
    found = sample().verdict
    assert page.index("0.0395 NDCG@10") < page.index("<main>")
    assert found.tone in parsed(page).find(".//section[@aria-label='Verdict']").get("class")


def test_numbers_are_in_tables_for_those_who_see_no_plots(page):
    systems = text_of(section(page, "systems"))
    assert f"{BOTH} 0.1578 0.1478 to 0.1678" in systems
    assert "+0.0038 −0.0062 to +0.0138" in systems
    assert "70,000" in text_of(section(page, "calibration"))
    assert "what users took" in text_of(section(page, "beyond"))
    assert "5,225" in text_of(section(page, "data"))


def test_what_people_named_is_text_and_never_markup(page):
    document = parsed(page)
    assert document.find(".//script") is None
    assert all(image.get("src").startswith("data:image/") for image in document.iter("img"))
    assert HOSTILE in text_of(section(page, "examples"))
    assert "\u202e" not in page and r"x\u202e<b>" in text_of(section(page, "examples"))
    assert not [name for element in document.iter() for name in element.attrib if str(name).startswith("on")]


def test_nothing_points_to_a_network(page):
    assert not re.findall(r"(?:https?:)?//[\w.]+", page)
    assert "default-src 'none'" in page
    assert not re.findall(r"url\(|@import", page)
    assert len(page.encode()) < 5_000_000


def test_every_plot_has_words_in_its_place(page):
    for drawing in parsed(page).iter(SVG):
        assert drawing.get("role") == "img"
        assert len(drawing.get("aria-label")) > 20


def test_a_section_without_data_says_why():
    record, why = sample(), "It is missing; `shortlist train` makes it."
    empty = {field: None if field in ("calibration", "data") else () for field in EMPTIED}
    page = render(replace(record, **empty, missing=dict.fromkeys(EMPTIED, why)))
    for name in EMPTIED.values():
        assert "It is missing; shortlist train makes it." in text_of(section(page, name)), name
    assert parsed(page).find(f".//{SVG}") is None


def test_nothing_but_a_verdict_is_a_page():
    page = render(bare())
    assert "Both stages were compared with nothing." in text_of(parsed(page))
    assert parsed(page).find(f".//{SVG}") is None


def test_the_same_record_is_the_same_page(page):
    assert render(sample()) == page


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(0.12345), "0.1235"), (number(None), "–"), (gain(-0.001), "−0.0010"), (probability(0.00123), "0.12 %"),
        (probability(0.5), "50 %"), (probability(None), "–"), (prose("run `a<b>`"), "run <code>a&lt;b&gt;</code>"),
    ],
)  # fmt: skip
def test_numbers_in_words(shown, expected):
    assert shown == expected
