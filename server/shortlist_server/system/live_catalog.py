"""The catalogue's changes on their way from the store into the systems of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from weakref import WeakKeyDictionary

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import CatalogFullError, OverloadedError
from shortlist_server.base.follower import Follower
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import CatalogStore
from shortlist_state.catalog import Written

CHUNK = 100
"""Changes that a system takes in at once: requests wait for no more than that."""

_TRIES = 20  # to write before somebody else does


class LiveCatalog:
    """Keeps every system of a process up with the store, from before it serves until nobody holds it any more.

    Each time that its thread has looked and all are, `followed` is called, on that thread.
    """

    def __init__(
        self,
        store: CatalogStore,
        model_thread: Executor,
        poll_seconds: float,
        max_fresh_items: int,
        followed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._model_thread, self._most = store, model_thread, max_fresh_items
        self._followed = followed
        self._feeds: WeakKeyDictionary[LoadedBundle, _Feed] = WeakKeyDictionary()
        self._catching_up = threading.Lock()
        self._follower = Follower("catalog", self._follow, poll_seconds)
        self._follower.start()

    def follow(self, system: LoadedBundle) -> None:
        """Bring a system, which nobody is answered by yet, up to now, and keep it there.

        Raises StateError where the store cannot be read.
        """
        feed = _Feed(system, system.catalog_sequences.get(self._store.identity, -1))
        self._bring(system, feed)
        with self._catching_up:
            self._feeds[system] = feed

    def catch_up(self) -> int:
        """Bring all systems to at least the position that the store has now, which is returned."""
        with self._catching_up:
            position = self._store.position()
            for system, feed in list(self._feeds.items()):
                if feed.after < position:
                    self._bring(system, feed)
            return position

    def upsert(self, system: LoadedBundle, items: Sequence[CatalogItem]) -> Written:
        """Write items, of which no more may be new to the bundle of `system` than there is room for.

        Raises CatalogFullError where there is not, and what the store raises. The limit is exact, whoever else writes:
        what it was decided by must still be so when the store writes.
        """
        for _ in range(_TRIES):
            position = self.catch_up()
            feed = self._feeds[system]
            new = sum(feed.is_new(item.item_id) for item in items)
            if new and len(feed.fresh) + new > self._most:
                raise CatalogFullError(len(feed.fresh), new, self._most)
            written = self._store.upsert(items, position if new else None)
            self._follower.wake()
            if written is not None:
                return written
        raise OverloadedError("other servers change the catalogue all the time", 0.1)

    def delete(self, item_ids: Sequence[str]) -> Written:
        """Delete items. Raises what the store raises."""
        written = self._store.delete(item_ids)
        self._follower.wake()
        return written

    def close(self) -> None:
        """Follow no more; the store stays open, and so must the model thread until this returns."""
        self._follower.close()

    def _follow(self) -> None:
        self.catch_up()
        self._followed()

    def _bring(self, system: LoadedBundle, feed: _Feed) -> None:
        """Let a system take in what it does not have yet."""
        position, more = self._store.position(), True
        while more and not self._follower.closing:
            page = self._store.changes(feed.after, CHUNK)
            if changes := feed.take(page.changes):
                self._model_thread.submit(system.apply_changes, changes).result()
            feed.after, more = page.end, page.more
        feed.after = max(feed.after, position)  # the newest change may have been dropped, so that none has its number


class _Feed:
    """How far one system has come, and which items it has besides those of its bundle."""

    def __init__(self, system: LoadedBundle, contained: int) -> None:
        self.after = -1
        self.fresh: set[str] = set()
        self._contained = contained  # sequence number up to which the bundle was trained on the store's items
        self._bundled = system.bundled.ids

    def take(self, changes: Sequence[CatalogChange]) -> list[CatalogChange]:
        """Those changes that the bundle does not contain, noted.

        A deletion is not contained: where the data has events with the item, it is in the bundle all the same.
        """
        news = [change for change in changes if change.item is None or change.sequence > self._contained]
        for change in news:
            if change.item is None:
                self.fresh.discard(change.item_id)
            elif change.item_id not in self._bundled:
                self.fresh.add(change.item_id)
        return news

    def is_new(self, item_id: str) -> bool:
        """Whether the item would be one more that the bundle does not contain."""
        return item_id not in self.fresh and item_id not in self._bundled
