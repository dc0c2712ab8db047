"""Visit: one request of a browser, with all that a page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from shortlist import AsyncClient

from shortlist_console.metrics.samples import Samples
from shortlist_console.rendering import Templates
from shortlist_console.sessions import NO_RIGHTS, Rights, Session
from shortlist_console.settings import Settings


@dataclass(frozen=True)
class Visit:
    """A request of a session. Nothing is known of its rights on pages that need none."""

    request: web.Request
    session: Session
    settings: Settings
    templates: Templates
    samples: Samples
    rights: Rights = NO_RIGHTS

    @property
    def client(self) -> AsyncClient:
        """The client that calls with the session's token."""
        return self.session.client

    def render(self, template: str, status: int = 200, **values: Any) -> web.Response:
        """A page made of a template and of what all pages show."""
        text = self.templates.render(
            template,
            csrf=self.session.csrf,
            here=self.request.path,
            logged_in=self.session.has_token,
            metrics_known=self.settings.metrics_address is not None,
            notice=self.session.take_notice(),
            rights=self.rights,
            server=self.settings.address,
            **values,
        )
        return web.Response(text=text, content_type="text/html", status=status)

    def see(self, path: str, notice: str = "") -> web.Response:
        """Send the browser to another page, which shows the notice."""
        self.session.notice = notice
        return web.Response(status=303, headers={"Location": path})
