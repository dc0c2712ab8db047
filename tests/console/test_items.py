"""The pages of items: found by words, told with their facts, neighbours and the users who get them."""

from __future__ import annotations

from browsing import Browser


async def test_items_are_found_by_words_and_by_id(browser: Browser) -> None:
    found = await browser.get("/items?q=number+39+tea")
    assert "1 item of 40 items looked at" in found.text and "Item number 39" in found.text
    assert (await browser.get("/items?q=i7")).path == "/items/i7"
    assert "None of the 40 items looked at has this word" in (await browser.get("/items?q=unicorn")).text


async def test_an_item_has_facts_neighbours_and_places(browser: Browser) -> None:
    await browser.get("/users/ann")
    page = await browser.get("/items/i38")
    assert "Categories mugs" in page.text or "Categories mugs" in page.text.replace(", ", " ")
    assert "Item number 37" in page.text, "a neighbour"
    assert "ann 2 38 %" in page.text
    asked = await browser.get("/items/i38?users=bob%0Ann")
    assert "bob 2 38 %" in asked.text


async def test_an_item_that_is_not_there_is_said_plainly(browser: Browser) -> None:
    page = await browser.get("/items/nothing")
    assert page.status == 404 and "there is no item 'nothing'" in page.text
