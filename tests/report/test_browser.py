"""The report in a browser: nothing is asked of a network, it fits a phone, and it can be read by everybody."""

from __future__ import annotations

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from sample_record import bare, sample

from shortlist_report.page import render

CHROMIUM = shutil.which("chromium")
WIDE, PHONE, PAPER = (1280, 900), (360, 740), (718, 1000)  # A4 with Chromium's margins


@pytest.fixture(scope="module")
def browser(system_test):
    if CHROMIUM is None:
        pytest.skip("there is no chromium; tests/install-chromium.sh installs it")
    with sync_playwright() as playwright:
        # Nothing but the page of a test is opened, so there is nothing to shut in; as root there is no sandbox.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    for name, record in (("full", sample()), ("bare", bare())):
        (folder / f"{name}.html").write_text(render(record), encoding="utf-8")
    return folder


@pytest.fixture
def opened(browser, files):
    """Opens a report. Gives the page, what its console says and what it asks for."""
    contexts = []

    def open_report(name, size=WIDE, scheme="light"):
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme))
        page, said, asked = contexts[-1].new_page(), [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((files / f"{name}.html").as_uri())
        page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
        return page, said, asked

    yield open_report
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["full", "bare"])
def test_nothing_is_said_and_nothing_asked_for(opened, files, name):
    page, said, asked = opened(name)
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [(files / f"{name}.html").as_uri()]
    assert page.title() == sample().title


def test_a_phone_shows_all_of_it_without_moving_sideways(opened):
    page, _, _ = opened("full", PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    widest = page.eval_on_selector_all(
        "figure", "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    )
    assert widest <= PHONE[0]
    least = page.eval_on_selector_all(
        "figure svg text", "all => Math.min(...all.map(each => each.getBoundingClientRect().height))"
    )
    assert least >= 9, "pixels of letters in plots"


def test_names_beside_plots_are_not_cut_off(opened):
    page, _, _ = opened("full")
    over = page.eval_on_selector_all(
        "#systems figure svg",
        """all => all.map(drawing => Math.min(...[...drawing.querySelectorAll("text")].map(text =>
            text.getBoundingClientRect().left - drawing.getBoundingClientRect().left)))""",
    )
    assert min(over) > -2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["full", "bare"])
def test_axe_finds_nothing_serious(opened, name, scheme):
    page, _, _ = opened(name, scheme=scheme)
    found = Axe().run(page).response["violations"]
    serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], [node["html"][:200] for each in found for node in each["nodes"][:2]]


def test_dark_and_light_differ_and_paper_is_white(opened):
    def colours(page):
        return page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")

    def drawn(page):
        return page.eval_on_selector("figure svg text", "text => getComputedStyle(text).fill")

    light, dark = opened("full")[0], opened("full", scheme="dark")[0]
    assert colours(light) != colours(dark)
    assert drawn(light) == colours(light)[1] and drawn(dark) == colours(dark)[1]
    dark.emulate_media(media="print")
    assert colours(dark) == colours(light)


def test_printed_pages_have_the_tables_too(opened):
    page, _, _ = opened("full", PAPER)
    page.eval_on_selector_all("details", "all => all.forEach(each => each.open = false)")
    assert not page.get_by_text("0.1478 to 0.1678").first.is_visible()
    page.emulate_media(media="print")
    shown = page.evaluate("getComputedStyle(document.querySelector('details'), '::details-content').contentVisibility")
    assert shown == "visible"
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER[0], "nothing is cut off at the right"
    assert page.pdf().startswith(b"%PDF")
