"""The page of a user: what they did, what they get and why, and what a change does."""

from __future__ import annotations

import re

from browsing import Browser, Page

from shortlist_bundle import BundleStore


def ranks(page: Page) -> list[str]:
    return re.findall(r'<h3><a href="/items/(i\d+)"', page.html)


async def test_a_user_has_history_list_reasons_sources_and_funnel(browser: Browser) -> None:
    page = await browser.get("/users/ann")
    assert page.status == 200 and ranks(page)[:2] == ["i39", "i38"]
    assert "4 in the bundle, 0 live" in page.text and "39 % likely" in page.text
    assert all(each.startswith("Because you ") for each in re.findall(r'<p class="reason">([^<]+)', page.html))
    assert "popular_14d at place 40" in page.text
    assert re.search(r"<desc[^>]*>Hydrate: \d+ in", page.html), "the picture has a text"
    assert "Item number 1 1.00 coffee bought, last on" in page.text


async def test_the_list_is_compared_with_that_without_the_settings(browser: Browser) -> None:
    page = await browser.get("/users/ann?count=3&include=tea")
    assert ranks(page) == ["i39", "i38", "i37", "i39", "i36", "i33"]
    assert "= as before" in page.text and "✚ new on the list" in page.text
    assert "✕ was 2: Item number 38" in page.text


async def test_events_are_tried_and_none_is_written(browser: Browser) -> None:
    tried = await browser.get("/users/ann?events=purchase+i39")
    assert "Tried, not written: purchase i39" in tried.text
    assert "✕ was 1: Item number 39" in tried.text
    after = await browser.get("/users/ann")
    assert "4 in the bundle, 0 live" in after.text and ranks(after)[0] == "i39"


async def test_every_mistake_is_told_at_its_field(browser: Browser) -> None:
    page = await browser.get("/users/ann?count=700&where={x&events=eat+i1&diversity=2&price_min=low")
    for name in ("count", "where", "events", "diversity", "price_min"):
        assert f'href="#{name}"' in page.html and f'id="wrong-{name}"' in page.html
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', page.html)
    unknown = await browser.get("/users/ann?placement=nowhere")
    assert "there is no placement 'nowhere'" in unknown.text and ranks(unknown)[0] == "i39"


async def test_another_bundle_stands_beside(browser: Browser, published: BundleStore) -> None:
    first, second = published.versions()
    refused = await browser.get(f"/users/ann?bundle={second}")
    assert f"bundle {second} is not loaded here" in refused.text
    await browser.post(f"/bundles/{second}/activate", label="canary", share="5", confirm="yes")
    page = await browser.get(f"/users/ann?count=2&bundle={second}&beside=same&beside_bundle={first}")
    assert f"With bundle {first}" in page.text and f"With bundle {second}" in page.text
    assert "39 % likely" in page.text and "78 % likely" in page.text


async def test_a_visitor_and_an_unknown_user_get_a_list_too(browser: Browser) -> None:
    assert ranks(await browser.get("/visitor"))[0] == "i39"
    unknown = await browser.get("/users/a%2Fb%3F")
    assert "User a/b?" in unknown.text and "Nothing is known of this user" in unknown.text
    assert (await browser.get("/users?user_id=+ann+")).path == "/users/ann"
