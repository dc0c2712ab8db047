"""Sessions of browsers: whose token calls the server, what it allows, and what was looked at lately.

A session lies in the memory of the console alone. The browser has a random name of it, in a cookie that no script reads
and no other site sends.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from shortlist import AsyncClient, Options, PermissionDenied, ShortlistError, Unauthenticated, Unavailable

from shortlist_console.settings import Settings

COOKIE = "shortlist_console"
LATELY = 12
"""Users and items that a session remembers."""

_RIGHTS_SECONDS = 60.0  # after which it is asked again what the token allows
_SOMEBODY = "console"  # a user to ask about, whether there is one or not


@dataclass(frozen=True)
class Rights:
    """What the server lets a session do, beyond reading."""

    users: bool  # see what single users did
    admin: bool  # see and change bundles, change placements


NO_RIGHTS = Rights(users=False, admin=False)


@dataclass(eq=False)
class Session:
    """One browser."""

    client: AsyncClient
    has_token: bool = False
    name: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    users: list[str] = field(default_factory=list)  # looked at lately, the newest first
    items: list[str] = field(default_factory=list)
    notice: str = ""  # what the last change did, for the next page
    seen: float = 0.0
    _rights: Rights | None = None
    _asked: float = 0.0

    def looked_at(self, seen: list[str], name: str) -> None:
        """Remember a user or an item."""
        seen[:] = [name, *(each for each in seen if each != name)][:LATELY]

    def take_notice(self) -> str:
        """The notice, which is shown once."""
        notice, self.notice = self.notice, ""
        return notice

    async def rights(self) -> Rights:
        """What the token allows, as asked lately. Raises Unauthenticated, and Unavailable where no server is there."""
        if self._rights is None or time.monotonic() - self._asked > _RIGHTS_SECONDS:
            admin, users = await asyncio.gather(
                self._allows(self.client.get_serving_bundle), self._allows(lambda: self.client.get_user(_SOMEBODY))
            )
            self._rights, self._asked = Rights(users, admin), time.monotonic()
        return self._rights

    async def _allows(self, call: Callable[[], object]) -> bool:
        try:
            await call()  # type: ignore[misc]
        except PermissionDenied:
            return False
        except Unauthenticated:
            raise
        except Unavailable as error:
            if not error.reason:  # nobody answers
                raise
        except ShortlistError:  # it was let in
            pass
        return True


class Sessions:
    """All sessions, by the names in cookies. Those without a token share one connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # the one idle for longest first
        self._anonymous = AsyncClient(settings.address, self._options(None))
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, cookie: str | None) -> Session:
        """The session that a cookie names, or a new one."""
        now = time.monotonic()
        for session in list(self._sessions.values()):
            if now - session.seen < self._settings.session_seconds:
                break
            self.end(session)
        session = self._sessions.get(cookie or "") or self._add(Session(self._anonymous))
        self._sessions.move_to_end(session.name)
        session.seen = now
        return session

    def log_in(self, before: Session, token: str) -> Session:
        """A session that calls with a token, in place of another one. Raises ValueError where it cannot be sent."""
        session = Session(AsyncClient(self._settings.address, self._options(token)), has_token=True)
        session.seen = time.monotonic()
        self.end(before)
        return self._add(session)

    def end(self, session: Session) -> None:
        """Forget a session and its token."""
        self._sessions.pop(session.name, None)
        if session.has_token:
            closing = asyncio.ensure_future(session.client.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End all sessions."""
        for session in list(self._sessions.values()):
            self.end(session)
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._anonymous.close()

    def _add(self, session: Session) -> Session:
        self._sessions[session.name] = session
        while len(self._sessions) > self._settings.max_sessions:
            self.end(next(iter(self._sessions.values())))
        return session

    def _options(self, token: str | None) -> Options:
        seconds = self._settings.call_seconds
        return Options(
            timeout=seconds,
            batch_timeout=seconds,
            bundle_timeout=self._settings.bundle_seconds,
            max_attempts=2,
            tls=self._settings.tls,
            token=token,
        )
