"""The login: takes the token that the server asks for."""

from __future__ import annotations

from aiohttp import web

from shortlist_console.visit import Visit


async def form(visit: Visit) -> web.Response:
    """Ask for a token."""
    return visit.render("login", then=local(visit.request.query.get("next", "")), refusal="")


def refused(visit: Visit, why: str, then: str) -> web.Response:
    """Ask again, and say why."""
    return visit.render("login", 403, then=then, refusal=why)


def local(address: str) -> str:
    """A page of this console to go to; the first page in place of any other."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_ours else "/"
