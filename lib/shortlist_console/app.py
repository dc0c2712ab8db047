"""The application: every page at its path, and around all of them sessions, rights, security headers and failures."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from aiohttp import web
from shortlist import ShortlistError, Unauthenticated

from shortlist_console.failures import Failure, failure
from shortlist_console.metrics.samples import Samples
from shortlist_console.pages import bundles, home, items, live, login, placements, users
from shortlist_console.rendering import Templates
from shortlist_console.sessions import COOKIE, Sessions
from shortlist_console.settings import Settings
from shortlist_console.visit import Visit
from shortlist_core.addresses import is_loopback, split

Page = Callable[[Visit], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATIC = Path(__file__).with_name("static")
_MAX_FORM_BYTES = 4 * 1024 * 1024  # placements with long filters are sent as a form

_DEFECT = Failure("A defect of the console", "Its log says what happened; the server is not concerned.", 500)
_NO_PAGE = Failure("There is no such page", "Find a user or an item from the first page.", 404)
_STALE = Failure(
    "Nothing was changed", "This form is older than your session. Go back, load the page anew, and send it again.", 403
)

log = logging.getLogger(__name__)


class Console:
    """Pages over one server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions = Sessions(settings)
        self._templates = Templates()
        self._samples = Samples(settings.metrics_address, settings.sample_seconds)

    def app(self) -> web.Application:
        """The application that an HTTP server serves."""
        app = web.Application(middlewares=[self._guarded], client_max_size=_MAX_FORM_BYTES)
        app.router.add_static("/static/", STATIC)
        app.router.add_get("/login", self._open(login.form))
        app.router.add_post("/login", self._login)
        app.router.add_post("/logout", self._logout)
        for path, page in {
            "/": home.home,
            "/users": users.named,
            "/visitor": users.visitor,
            "/users/{user_id}": users.user,
            "/items": items.search,
            "/items/{item_id}": items.one,
            "/bundles": bundles.bundles,
            "/bundles/{version}": bundles.bundle,
            "/bundles/{version}/report": bundles.report,
            "/placements": placements.placements,
            "/placements/edit": placements.edit,
            "/metrics": live.metrics,
        }.items():
            app.router.add_get(path, self._page(page))
        for path, change in {
            "/bundles/{version}/activate": bundles.activate,
            "/rollback/{label}": bundles.rollback,
            "/placements/preview": placements.preview,
            "/placements/save": placements.save,
            "/placements/remove": placements.remove,
        }.items():
            app.router.add_post(path, self._change(change))
        app.cleanup_ctx.append(self._samples.followed)
        return app

    async def close(self) -> None:
        """End all sessions, and the connections to the server."""
        await self._sessions.close()

    def _visit(self, request: web.Request) -> Visit:
        session = self._sessions.of(request.cookies.get(COOKIE))
        return Visit(request, session, self._settings, self._templates, self._samples)

    def _open(self, page: Page) -> Handler:
        """A page that needs no rights."""

        async def handle(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            return self._with_cookie(visit, await page(visit))

        return handle

    def _page(self, page: Page) -> Handler:
        """A page for those whom the server lets in; others come to the login first, or learn what is wrong."""

        async def handle(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            try:
                rights = await visit.session.rights()
                visit = Visit(request, visit.session, self._settings, self._templates, self._samples, rights)
                response = await page(visit)
            except Unauthenticated:
                where = quote(request.path_qs if request.method == "GET" else "/", safe="")
                response = visit.see(
                    f"/login?next={where}", "Your token is not accepted any more." * visit.session.has_token
                )
            except ShortlistError as error:
                told = failure(error, self._settings.address)
                response = visit.render("failure", told.status, failure=told)
            return self._with_cookie(visit, response)

        return handle

    def _change(self, page: Page) -> Handler:
        """What changes something: a form of this console, sent by a session's own browser."""

        async def checked(visit: Visit) -> web.StreamResponse:
            if not await _is_ours(visit):
                return _stale(visit)
            return await page(visit)

        return self._page(checked)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if not await _is_ours(visit):
            return self._with_cookie(visit, _stale(visit))
        form = await request.post()
        token, then = str(form.get("token", "")).strip(), login.local(str(form.get("next", "")))
        try:
            session = self._sessions.log_in(visit.session, token)
            await session.rights()
        except ValueError as error:
            return self._with_cookie(visit, login.refused(visit, f"This token cannot be sent: {error}.", then))
        except Unauthenticated:
            self._sessions.end(session)
            visit = self._visit(request)
            return self._with_cookie(visit, login.refused(visit, "The server does not accept this token.", then))
        except ShortlistError as error:
            self._sessions.end(session)
            visit, told = self._visit(request), failure(error, self._settings.address)
            return self._with_cookie(visit, login.refused(visit, f"{told.title}. {told.text}", then))
        visit = Visit(request, session, self._settings, self._templates, self._samples)
        return self._with_cookie(visit, visit.see(then))

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        visit = self._visit(request)
        if not await _is_ours(visit):
            return self._with_cookie(visit, _stale(visit))
        self._sessions.end(visit.session)
        response = visit.see("/login")
        response.del_cookie(COOKIE)
        return response

    def _with_cookie(self, visit: Visit, response: web.StreamResponse) -> web.StreamResponse:
        if visit.request.cookies.get(COOKIE) != visit.session.name:
            by_tls = visit.request.headers.get("X-Forwarded-Proto") == "https"
            response.set_cookie(COOKIE, visit.session.name, httponly=True, secure=by_tls, samesite="Strict", path="/")
        return response

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other sites' names for this machine, and give every answer its security headers."""
        if not self._is_our_name(request.host):
            return web.Response(status=421, text=f"this console listens on {self._settings.listen}\n")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = self._http_failure(request, error)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("a page failed")  # without its address, which names users
            response = self._visit(request).render("failure", 500, failure=_DEFECT)
        for name, value in self._headers().items():
            response.headers.setdefault(name, value)
        return response

    def _http_failure(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:
        if error.status < 400 or request.path.startswith("/static/"):
            return web.Response(
                status=error.status, headers={k: v for k, v in error.headers.items() if k == "Location"}
            )
        told = _NO_PAGE if error.status == 404 else Failure("That did not work", error.reason, error.status)
        return self._visit(request).render("failure", error.status, failure=told)

    def _is_our_name(self, host: str) -> bool:
        """Whether a browser asked by a name of this machine. Elsewhere any name may be that of a proxy before it."""
        listens = split(self._settings.listen)[0]
        if not is_loopback(listens):
            return True
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]")
        try:
            return name == "localhost" or ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    def _headers(self) -> dict[str, str]:
        pictures = self._settings.picture_origin
        return {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
            f" img-src 'self'{' ' + pictures if pictures else ''}; form-action 'self'; base-uri 'none';"
            " frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }


async def _is_ours(visit: Visit) -> bool:
    sent = str((await visit.request.post()).get("csrf", ""))
    return secrets.compare_digest(sent.encode(), visit.session.csrf.encode())


def _stale(visit: Visit) -> web.Response:
    return visit.render("failure", 403, failure=_STALE)
