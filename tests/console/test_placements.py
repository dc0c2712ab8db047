"""The pages of placements: a draft is previewed beside what holds, refused by field, saved, and taken out."""

from __future__ import annotations

import json

from browsing import Browser

from shortlist_bundle import BundleStore

HOME = {"name": "home", "count": 2, "rules": [{"name": "ours first", "pin": {"itemIds": ["i7"]}}]}


def draft(placement: object, before: str = "", version: str = "") -> dict[str, str]:
    return {"text": json.dumps(placement), "before": before, "version": version, "user_id": "bob"}


async def version(browser: Browser) -> str:
    html = (await browser.get("/placements/edit?name=home")).html
    return html.split('name="version" value="')[1].split('"')[0]


async def test_a_draft_is_previewed_saved_changed_and_taken_out(browser: Browser, published: BundleStore) -> None:
    file = published.directory / "placements.json"
    seen = await browser.post("/placements/preview", **draft(HOME))
    assert "With the draft" in seen.text and "✚ new on the list" in seen.text and "ours first : kept" in seen.text
    assert not file.exists(), "a preview sets nothing"
    saved = await browser.post("/placements/save", **draft(HOME))
    assert "home holds from now on." in saved.text and json.loads(file.read_text())["placements"][0]["name"] == "home"
    page = await browser.get("/users/bob?placement=home")
    assert "Item number 7" in page.text and "What rules did" in page.text
    more = draft(HOME | {"count": 3}, "home", await version(browser))
    assert "home holds from now on." in (await browser.post("/placements/save", **more)).text
    stale = await browser.post("/placements/save", **more)
    assert stale.status == 400 and "somebody has changed the placements" in stale.text
    gone = draft(HOME, "home", await version(browser))
    assert (await browser.post("/placements/remove", **gone)).status == 400, "it was not meant"
    assert "home is gone." in (await browser.post("/placements/remove", confirm="yes", **gone)).text
    assert "There are none yet." in (await browser.get("/placements")).text


async def test_every_mistake_of_a_draft_is_told_by_its_field(browser: Browser) -> None:
    wrong = {"name": "home", "count": 600, "rules": [{"name": "x", "pin": {}}]}
    for way in ("preview", "save"):
        page = await browser.post(f"/placements/{way}", **draft(wrong))
        assert page.status == 400 and "<code>count</code>" in page.html
        assert "<code>rules[0].pin.item_ids</code>" in page.html
    assert "JSON" in (await browser.post("/placements/save", text="{", before="", version="", user_id="")).text
