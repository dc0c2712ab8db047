"""Every page in Chromium, over a real server with a trained bundle: light, dark and on a phone, and by keyboard.

Nothing is said on the browser's console, axe finds nothing serious, nothing is asked of another host.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from waiting import PATIENCE

from shortlist_bundle import BundleStore
from shortlist_bundle.manifest import MANIFEST
from shortlist_bundle.reports import write_report

CHROMIUM = shutil.which("chromium")
USER = "u000001"
VIEWS = {"light": (1280, 900, "light"), "dark": (1280, 900, "dark"), "phone": (360, 740, "light")}
PLACEMENT = (
    '{"name": "home", "count": 5, "rules": [{"name": "two each", "cap": {"each": {"category": true}, "most": 2}}]}'
)


@dataclass(frozen=True)
class Shop:
    """A console that serves."""

    address: str
    versions: list[str]

    def pages(self) -> dict[str, str]:
        """A name and a path of every page, and of the states that look different."""
        first, second = self.versions
        return {
            "home": "/",
            "user": f"/users/{USER}?count=6",
            "changed": f"/users/{USER}?count=5&price_max=40&events=purchase+i000010",
            "mistakes": f"/users/{USER}?count=700&where={{x",
            "bundle beside": f"/users/{USER}?count=3&bundle={second}&beside=same&beside_bundle={first}",
            "user's placement": f"/users/{USER}?count=3&placement=home",
            "visitor": "/visitor?count=3",
            "items": "/items?q=blue",
            "item": "/items/i000010",
            "bundles": "/bundles",
            "bundle": f"/bundles/{second}",
            "placements": "/placements",
            "placement": "/placements/edit?name=home",
            "metrics": "/metrics",
            "login": "/login",
        }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any, trained_bundle: Any) -> Iterator[Shop]:
    """`shortlist console --bundles`, with a second bundle that is the first one again, and a report."""
    folder = tmp_path_factory.mktemp("console")
    bundles = shutil.copytree(trained_bundle.bundles, folder / "bundles")
    versions = [BundleStore(bundles).current() or "", _again(BundleStore(bundles))]
    write_report(bundles, versions[0], "<!doctype html><html lang='en'><title>Report</title><h1>It is better</h1>")
    (bundles / "placements.json").write_text(f'{{"placements": [{PLACEMENT}]}}')
    command = [sys.executable, "-P", "-m", "shortlist_cli.main", "console", "--listen", "127.0.0.1:0"]
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [*command, "--bundles", str(bundles)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("CONSOLE on http://"), (folder / "log").read_text()
        yield Shop(line.split()[2].rstrip("/,"), versions)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "the console and its server end together"
        log.close()


def _again(store: BundleStore) -> str:
    """Publish the only bundle a second time, a second later. Returns the new version."""
    (version,) = store.versions()
    manifest = store.manifest(version)
    later = manifest.created_at + timedelta(seconds=1)
    copy = manifest.model_copy(update={"created_at": later}).sealed(later)
    folder = shutil.copytree(store.directory / version, store.directory / copy.version)
    (Path(folder) / MANIFEST).write_bytes(copy.to_bytes())
    return copy.version


@pytest.fixture(scope="module")
def browser(system_test: None) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium; tests/install-chromium.sh installs it")
    with sync_playwright() as playwright:
        # Nothing but the console of a test is opened; as root there is no sandbox.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class Look:
    """A page of the browser, and what it said and asked for meanwhile."""

    page: Any
    said: list[str]
    asked: list[str]


@pytest.fixture
def look(browser: Browser, shop: Shop) -> Iterator[Any]:
    """Opens the console in a view: `look("dark")`, or without JavaScript."""
    contexts = []

    def begin(view: str = "light", javascript: bool = True) -> Look:
        width, height, scheme = VIEWS[view]
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                java_script_enabled=javascript,
                base_url=shop.address,
            )
        )
        contexts[-1].set_default_timeout(1000 * PATIENCE)  # to load a bundle takes seconds where machines are busy
        page, said, asked = contexts[-1].new_page(), [], []
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        return Look(page, said, asked)

    yield begin
    for context in contexts:
        context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_can_be_read_by_everybody(look: Any, shop: Shop, view: str) -> None:
    seen, shots, broken = look(view), os.environ.get("CONSOLE_SHOTS"), []
    for name, path in shop.pages().items():
        seen.page.goto(path)
        seen.page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
        if shots:
            seen.page.screenshot(path=f"{shots}/{name}-{view}.png", full_page=True)
        width = seen.page.evaluate("document.documentElement.scrollWidth")
        if width > VIEWS[view][0]:
            broken.append(f"{name} is {width} pixels wide")
        if view == "phone":  # what axe looks for does not depend on the width
            continue
        for each in Axe().run(seen.page).response["violations"]:
            if each["impact"] in ("serious", "critical"):
                broken.append(f"{name}: {each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}")
    assert not broken, "\n".join(broken)
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith(shop.address)] == []


def test_why_a_user_gets_an_item_is_two_steps_from_the_first_page_by_keyboard(look: Any) -> None:
    seen = look()
    seen.page.goto("/")
    seen.page.keyboard.type(USER)  # the field has the focus
    seen.page.keyboard.press("Enter")
    first = seen.page.locator(".card").first
    assert first.locator(".reason").inner_text()
    summary = first.locator("summary")
    while not summary.evaluate("each => each === document.activeElement"):
        seen.page.keyboard.press("Tab")
    assert summary.evaluate("each => getComputedStyle(each).outlineStyle") != "none", "the focus can be seen"
    seen.page.keyboard.press("Enter")
    assert first.get_by_text("Speaks most for it").is_visible() and first.get_by_text("at place").first.is_visible()


def test_what_if_shows_the_difference_at_once_and_writes_nothing(look: Any) -> None:
    seen = look()
    seen.page.goto(f"/users/{USER}")
    known = seen.page.locator(".head").inner_text()
    first = seen.page.locator(".card").first
    first.locator("summary").click()
    first.get_by_role("link", name="buys").click()
    assert seen.page.get_by_text("Tried, not written").is_visible()
    assert seen.page.locator("section .cards").count() == 2
    assert seen.page.locator(".head").inner_text() == known
    assert seen.said == []


def test_a_placement_is_previewed_and_saved(look: Any) -> None:
    seen = look("phone")
    seen.page.goto("/placements/edit?name=home")
    seen.page.get_by_label("The placement").fill(PLACEMENT.replace('"most": 2', '"most": 1'))
    seen.page.get_by_label("User to preview it for").fill(USER)
    seen.page.get_by_role("button", name="Preview").click()
    assert seen.page.get_by_role("heading", name="What rules did").count() == 2
    seen.page.get_by_role("button", name="Save").click()
    assert seen.page.get_by_role("status").inner_text() == "home holds from now on."
    assert seen.said == []


def test_a_bundle_is_made_the_canary_and_taken_off(look: Any, shop: Shop) -> None:
    seen, (_, second) = look(), shop.versions
    seen.page.goto(f"/bundles/{second}")
    canary = seen.page.locator("form", has=seen.page.get_by_role("heading", name="Canary"))
    canary.get_by_label("Share of the users").fill("10")
    canary.get_by_label("I mean it").check()
    canary.get_by_role("button").click()
    assert f"{second} is canary now for 10 % of the users." == seen.page.get_by_role("status").inner_text()
    seen.page.goto("/bundles")
    off = seen.page.locator("form", has=seen.page.get_by_role("button", name="Take the canary off"))
    off.get_by_label("I mean it").check()
    off.get_by_role("button").click()
    assert seen.page.get_by_role("status").inner_text() == "The canary is off."
    assert seen.said == []


def test_the_report_opens_and_the_pages_work_without_javascript(look: Any, shop: Shop) -> None:
    seen = look(javascript=False)
    seen.page.goto(f"/bundles/{shop.versions[0]}")
    seen.page.get_by_role("link", name="Open its report").click()
    assert seen.page.get_by_role("heading", name="It is better").is_visible()
    seen.page.goto(f"/users/{USER}")
    seen.page.get_by_text("Change something and see the difference").click()
    seen.page.get_by_label("How many items").fill("3")
    seen.page.get_by_label("Price to").fill("40")
    seen.page.get_by_role("button", name="Show", exact=True).click()
    assert seen.page.locator(".card").count() == 6
    assert not seen.page.get_by_role("button", name="Keep it fresh").is_visible()


def test_live_metrics_stay_fresh_by_themselves(look: Any) -> None:
    seen = look()
    seen.page.goto("/metrics")
    seen.page.get_by_role("button", name="Keep it fresh", pressed=True).click()
    assert seen.page.get_by_role("button", name="Keep it fresh", pressed=False).is_visible()
    assert seen.said == []
