"""Live users: the store's events, the erased users, and what all users do right now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from shortlist_bundle.erasures import Erasures
from shortlist_core.errors import StateError
from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_server.base.follower import Follower
from shortlist_server.system.erased_users import ErasedUsers
from shortlist_state import LiveUser, StateStore, without_wishes_below
from shortlist_state.baskets import Baskets
from shortlist_state.live_counts import CAPACITY, LiveCounts

POLL_SECONDS = 0.5
"""How often the store's log is polled. Events of other processes show in `counts` that much later."""
PAGE = 1_000


log = structlog.get_logger(__name__)


class UserEvents(Protocol):
    """The interface of live users: their live events, who was erased, and what all users chose lately."""

    @property
    def baskets(self) -> Baskets:
        """The newest choices of all users."""
        ...

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest `limit` live events of each user. Raises what the store behind it raises."""
        ...

    def erased(self, user_id: str) -> bool:
        """Whether a user was erased, without asking a store, as it may be unavailable."""
        ...

    def clock(self) -> int:
        """What time it is for whoever asks now, microseconds."""
        ...


class LiveUsers(UserEvents):
    """The live users of one process: its store, and a thread that follows the store's log.

    Histories are read from the store itself, so a written event counts at once. The thread brings `counts` and
    `baskets` up to date and then calls `followed` with the counts. It calls `looking` before each poll, and `available`
    after it with whether the store could be read. `erasures` are the users who are erased whatever the store says.
    Ratings below the line that `dislike_below` returns are no choices, and others count by `weights`; where one of
    these changes, the log's end is read anew.
    Raises StateError where the store cannot be read at the start.
    """

    def __init__(
        self,
        store: StateStore,
        followed: Callable[[LiveCounts], None] = lambda _: None,
        looking: Callable[[], None] = lambda: None,
        available: Callable[[bool], None] = lambda _: None,
        erasures: Erasures | None = None,
        dislike_below: Callable[[], float] = lambda: -math.inf,
        weights: Callable[[], EventWeights] = lambda: USUAL,
    ) -> None:
        self.counts, self._baskets = LiveCounts(), Baskets()
        self._followed, self._looking, self._available = followed, looking, available
        self._store, self._dislike_below, self._event_weights = store, dislike_below, weights
        self._line, self._weights = self._rules()
        self._after = self._newest()
        self.erased_users = ErasedUsers(store, erasures)
        self._follower = Follower("state_log", self._follow, POLL_SECONDS)
        self._follower.start()

    @property
    def baskets(self) -> Baskets:
        """The newest choices of all users, as of the last poll."""
        return self._baskets

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest `limit` live events of each user, from the store. Raises what the store raises."""
        users = zip(user_ids, self._store.read(user_ids, limit), strict=True)
        return [
            replace(user, erased=True) if not user.erased and user_id in self.erased_users else user
            for user_id, user in users
        ]

    def erased(self, user_id: str) -> bool:
        """Whether a user was erased, as of the last poll, without asking the store, as it may be unavailable."""
        return user_id in self.erased_users

    def clock(self) -> int:
        """The time by this machine's clock, microseconds."""
        return time.time_ns() // 1_000

    def close(self) -> None:
        """End the thread. The store stays open."""
        self._follower.close()

    def catch_up(self) -> None:
        """Read the log to its end."""
        if (position := self._store.position()) < self._after:  # the store has lost its data and begun anew
            log.error("state_lost", entries=self._after - position)
            self.erased_users.learn(self._store.tombstones())  # those of before stay erased
            self._begin_after(-1)
        if (rules := self._rules()) != (self._line, self._weights):
            self._begin_after(self._newest())
            self._line, self._weights = rules
        more = True
        while more and not self._follower.closing:
            page = self._store.log(self._after, PAGE)
            self.erased_users.learn(entry.user for entry in page.entries if entry.event is None)
            choices = without_wishes_below(page.entries, self._line)
            self.counts.absorb(choices, self._weights)
            self._baskets.absorb(choices, self._weights)
            self._after, more = page.end, page.more

    def _rules(self) -> tuple[float, EventWeights]:
        """The line below which ratings are no choices, and what others count."""
        return self._dislike_below(), self._event_weights()

    def _begin_after(self, sequence: int) -> None:
        """Forget all counts, to read the log anew past this entry."""
        self._after = sequence
        self.counts.clear()
        self._baskets.clear()

    def _newest(self) -> int:
        """The log entry after which to begin, as `counts` has no capacity for older ones."""
        return max(-1, self._store.position() - CAPACITY)

    def _follow(self) -> None:
        self._looking()
        self.erased_users.refresh()
        try:
            self.catch_up()
        except StateError:
            self._available(False)
            raise
        self._available(True)
        self._followed(self.counts)
