"""Live users as answers see them: the store's events, who was erased, and what all users do right now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from shortlist_server.base.follower import Follower
from shortlist_state import LiveUser, StateStore
from shortlist_state.baskets import Baskets
from shortlist_state.live_counts import CAPACITY, LiveCounts

POLL_SECONDS = 0.5
"""How often the store's log is looked at; what other processes wrote shows in `counts` that much later."""
PAGE = 1_000


class UserEvents(Protocol):
    """What is known of users beside a bundle: their events since, who was erased, and what all users chose lately."""

    @property
    def baskets(self) -> Baskets:
        """The newest choices of all users."""
        ...

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """The newest `limit` events of each user. Raises whatever ails the store behind it."""
        ...

    def erased(self, user_id: str) -> bool:
        """Whether a user was erased, without asking a store: for when that is gone."""
        ...


class LiveUsers(UserEvents):
    """The store of one process, and a thread that follows its log. Raises StateError where it cannot be read at first.

    Histories are read from the store itself, so a written event counts at once; `counts` and `baskets` follow, and
    each time that they have, `followed` is called with the counts, on that thread; `looking` before each look, whether
    or not the store is there.
    """

    def __init__(
        self,
        store: StateStore,
        followed: Callable[[LiveCounts], None] = lambda _: None,
        looking: Callable[[], None] = lambda: None,
    ) -> None:
        self.counts, self._baskets = LiveCounts(), Baskets()
        self._followed, self._looking = followed, looking
        self._store = store
        self._after = self._newest()
        self._erased = set(store.tombstones())
        self._follower = Follower("state_log", self._follow, POLL_SECONDS)
        self._follower.start()

    @property
    def baskets(self) -> Baskets:
        """What followed the store's log."""
        return self._baskets

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """As the store's. Raises what it raises, StateError above all."""
        return self._store.read(user_ids, limit)

    def erased(self, user_id: str) -> bool:
        """Whether a user was erased, as far as this process knows without asking the store: for when it is gone."""
        return self._store.pseudonym(user_id) in self._erased

    def close(self) -> None:
        """End the thread; the store stays open."""
        self._follower.close()

    def catch_up(self) -> None:
        """Take in everything that the log has by now."""
        if self._store.position() < self._after:  # a store that lost its data begins anew
            self._after, self._erased = -1, set(self._store.tombstones())
            self.counts.clear()
            self._baskets.clear()
        more = True
        while more and not self._follower.closing:
            page = self._store.log(self._after, PAGE)
            self._erased.update(entry.user for entry in page.entries if entry.event is None)
            self.counts.absorb(page.entries)
            self._baskets.absorb(page.entries)
            self._after, more = page.end, page.more

    def _newest(self) -> int:
        """After which entry to begin: what is older would be forgotten again."""
        return max(-1, self._store.position() - CAPACITY)

    def _follow(self) -> None:
        self._looking()
        self.catch_up()
        self._followed(self.counts)
