"""A browser without a screen: pages of a console in this process, and what the forms on them send."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import html5lib
from aiohttp import ClientSession, CookieJar

from shortlist_console.process import serving
from shortlist_console.settings import Settings

Look = Callable[..., Any]
FORM_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    html: str
    path: str  # after redirects
    headers: Any

    @property
    def text(self) -> str:
        """The words of the page."""
        without = re.sub(r"<(script|style|svg).*?</\1>", " ", self.html, flags=re.S)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", without)).split())


@dataclass(frozen=True)
class Browser:
    """One browser, with its cookies."""

    http: ClientSession
    address: str

    async def get(self, path: str, **headers: str) -> Page:
        """A page, after redirects. It has to be well-formed HTML."""
        async with self.http.get(self.address + path.lstrip("/"), headers=headers) as answer:
            return _page(answer, await answer.text())

    async def post(self, path: str, csrf: str | None = None, **fields: str) -> Page:
        """Send a form of the page before, with the token that this console gave, or with another."""
        if csrf is None:
            csrf = FORM_TOKEN.search((await self.get("/login")).html)[1]
        async with self.http.post(self.address + path.lstrip("/"), data={"csrf": csrf, **fields}) as answer:
            return _page(answer, await answer.text())


def _page(answer: Any, html: str) -> Page:
    html5lib.HTMLParser(strict=True).parse(html)
    return Page(answer.status, html, answer.url.path_qs, answer.headers)


@asynccontextmanager
async def browsing(server: str, **settings: Any) -> AsyncIterator[Browser]:
    """A console of the server with this address, and a browser that looks at it."""
    jar = CookieJar(unsafe=True)  # keeps cookies of addresses without a name
    async with serving(Settings("127.0.0.1:0", server, **settings)) as address, ClientSession(cookie_jar=jar) as http:
        yield Browser(http, address)
