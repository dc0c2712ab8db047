"""Who gets in, what a token's scopes show, and what browsers and other sites cannot do."""

from __future__ import annotations

import hashlib

from browsing import Browser, Look
from shortlist import AsyncClient
from shortlist.v1.catalog_service_pb2 import ItemInput

from shortlist_bundle import BundleStore
from shortlist_console.pages.login import local
from shortlist_server.rpc.auth import Authority, Token


def authority(*scopes: str) -> Authority:
    return Authority([Token(hashlib.sha256(b"secret-token").digest(), frozenset(scopes), "me")])


async def test_a_server_with_tokens_asks_for_one_and_the_token_shows_nowhere(look: Look) -> None:
    browser: Browser = await look(authority("read", "users", "admin"))
    asked = await browser.get("/users/ann?count=3")
    assert asked.path == "/login?next=/users/ann?count%3D3" or asked.path.startswith("/login?next=")
    wrong = await browser.post("/login", token="another", next="/")
    assert wrong.status == 403 and "does not accept this token" in wrong.text
    page = await browser.post("/login", token="secret-token", next="/users/ann?count=3")
    assert page.path == "/users/ann?count=3" and "User ann" in page.text
    assert "secret-token" not in page.html
    cookies = list(browser.http.cookie_jar)
    assert len(cookies) == 1 and "secret-token" not in cookies[0].value
    assert cookies[0]["httponly"] and cookies[0]["samesite"] == "Strict"
    assert (await browser.get("/bundles")).status == 200
    await browser.post("/logout")
    assert (await browser.get("/bundles")).path.startswith("/login")


async def test_a_token_that_only_reads_sees_answers_and_changes_nothing(look: Look, published: BundleStore) -> None:
    browser: Browser = await look(authority("read"))
    first, second = published.versions()
    page = await browser.post("/login", token="secret-token", next="/users/ann")
    assert "Item number 39" in page.text and "read-only" in page.text
    assert "needs the scope users" in page.text and "bought" not in page.text.split("What the user did")[1]
    assert 'href="/bundles"' not in page.html
    refused = await browser.get("/bundles")
    assert refused.status == 403 and "Your token does not allow this" in refused.text
    assert (await browser.post(f"/bundles/{second}/activate", label="stable", confirm="yes")).status == 403
    assert "Make a placement" not in (await browser.get("/placements")).text
    assert published.current() == first


async def test_what_items_say_cannot_act(look: Look) -> None:
    browser: Browser = await look(pictures="https://pictures.example/{item_id}.jpg")
    server = (await browser.get("/")).text.split("Answers of the server at ")[1].split()[0]
    title = '<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202eevil'
    async with AsyncClient(server) as client:
        await client.upsert_items([ItemInput(item_id="../i<b>", title=title, categories=["<i>"], price=3)])
    page = await browser.get("/items?q=alert(1)")
    assert "<script>alert" not in page.html and "<img src=x" not in page.html and "\u202e" not in page.html
    assert 'href="/items/..%2Fi%3Cb%3E"' in page.html
    one = await browser.get("/items/..%2Fi%3Cb%3E")
    assert one.status == 200 and "https://pictures.example/..%2Fi%3Cb%3E.jpg" in one.html
    assert one.headers["Content-Security-Policy"].count("https://pictures.example") == 1


async def test_pages_tell_browsers_what_they_may_do(browser: Browser) -> None:
    for path in ("/", "/static/console.css", "/nowhere"):
        page = await browser.http.get(browser.address + path.lstrip("/"))
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert (await browser.get("/nowhere")).status == 404
    rebound = await browser.http.get(browser.address, headers={"Host": "attacker.example"})
    assert rebound.status == 421


def test_a_login_leads_to_pages_of_this_console_alone() -> None:
    assert local("/users/ann?count=3") == "/users/ann?count=3"
    for address in ("https://evil.example", "//evil.example", "/\\evil.example", "", "javascript:alert(1)", "/a\nb"):
        assert local(address) == "/"
