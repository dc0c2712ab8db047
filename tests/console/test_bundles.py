"""The pages of bundles: seen, activated, rolled back, and only by a form of this console that was meant."""

from __future__ import annotations

from browsing import Browser

from shortlist_bundle import BundleStore
from shortlist_bundle.reports import write_report


async def test_a_bundle_is_activated_and_rolled_back(browser: Browser, published: BundleStore) -> None:
    first, second = published.versions()
    done = await browser.post(f"/bundles/{second}/activate", label="stable", confirm="yes")
    assert done.path == f"/bundles/{second}" and f"{second} is stable now." in done.text
    assert published.current() == second
    assert "is stable now" not in (await browser.get("/bundles")).text, "a notice is shown once"
    back = await browser.post("/rollback/stable", confirm="yes")
    assert f"Rolled back: {first} is stable now." in back.text and published.current() == first


async def test_a_canary_has_a_share_and_is_taken_off(browser: Browser, published: BundleStore) -> None:
    _, second = published.versions()
    await browser.post(f"/bundles/{second}/activate", label="canary", share="12.5", confirm="yes")
    canary = published.labels().canary
    assert canary and canary.share == 0.125
    assert "answers 12.5 % of the users" in (await browser.get("/bundles")).text
    await browser.post("/rollback/canary", confirm="yes")
    assert published.labels().canary is None


async def test_nothing_changes_unless_it_is_meant(browser: Browser, published: BundleStore) -> None:
    first, second = published.versions()
    for fields in ({"label": "stable"}, {"label": "gold", "confirm": "yes"}):
        assert (await browser.post(f"/bundles/{second}/activate", **fields)).status == 400
    odd = await browser.post(f"/bundles/{second}/activate", label="canary", share="much", confirm="yes")
    assert odd.status == 400 and "The share takes a number" in odd.text
    foreign = await browser.post(f"/bundles/{second}/activate", csrf="guessed", label="stable", confirm="yes")
    assert foreign.status == 403 and "Nothing was changed" in foreign.text
    assert published.current() == first and published.labels().versions() == set()
    missing = await browser.post("/bundles/20200101-000000-abcdef/activate", label="stable", confirm="yes")
    assert missing.status == 404


async def test_a_report_is_shown_and_can_do_nothing(browser: Browser, published: BundleStore) -> None:
    first, second = published.versions()
    write_report(published.directory, first, "<!doctype html><html lang=en><title>t</title><script>alert(1)</script>")
    assert "Open its report" in (await browser.get(f"/bundles/{first}")).text
    report = await browser.http.get(f"{browser.address}bundles/{first}/report")
    policy = report.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert "It has no report" in (await browser.get(f"/bundles/{second}")).text
    assert (await browser.get(f"/bundles/{second}/report")).status == 404
    assert (await browser.get("/bundles/nonsense")).status == 400
