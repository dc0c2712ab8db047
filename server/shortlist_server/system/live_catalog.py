"""The live catalogue: brings the store's catalogue changes into the loaded bundles of one process.

The models take changes in bit by bit, within a second. What filters ask of items is looked for before each answer to a
request with a filter, so that a filter never goes by an older price than one that a caller was told is written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from weakref import WeakKeyDictionary

import structlog

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import CatalogFullError, OverloadedError, StateError
from shortlist_core.types import NO_ITEM, SECOND
from shortlist_server.base.follower import Follower
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import CatalogStore
from shortlist_state.catalog import Written

CHUNK = 100
"""Most changes that a loaded bundle takes in at once, as requests have to wait for that."""

FACTS = 1_000
"""Most changes that are read at once where only what filters ask is taken in."""

_AWAY_SECONDS = 5.0
"""For so long a store that failed is not asked again before an answer. Answers go on with what is known."""

_TRIES = 20  # attempts to write before another process has changed the catalogue


log = structlog.get_logger(__name__)


class LiveCatalog:
    """Keeps every loaded bundle of a process up to date with the store, until nobody holds the bundle any more.

    A thread polls the store. It calls `followed` each time that all bundles are up to date.
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
        self._away_until = 0.0
        self._feeds: WeakKeyDictionary[LoadedBundle, _Feed] = WeakKeyDictionary()
        self._catching_up = threading.Lock()
        self._follower = Follower("catalog", self._follow, poll_seconds)
        self._follower.start()

    def follow(self, bundle: LoadedBundle) -> None:
        """Bring a loaded bundle that does not serve yet up to date, and keep it up to date from now on.

        Raises StateError where the store cannot be read.
        """
        feed = _Feed(bundle, bundle.catalog_sequences.get(self._store.identity, -1))
        self._bring(bundle, feed)
        with self._catching_up:
            self._feeds[bundle] = feed

    def catch_up(self) -> int:
        """Bring all loaded bundles to at least the current position of the store. Returns that position."""
        with self._catching_up:
            position = self._store.position()
            for bundle, feed in list(self._feeds.items()):
                if feed.after < position:
                    self._bring(bundle, feed)
            return position

    def bring_facts(self, bundle: LoadedBundle) -> None:
        """Let a loaded bundle take in what filters ask of items, up to the current position of the store.

        Call this on the model thread, before a filter is asked. Where the store cannot be read, nothing happens.
        """
        feed = self._feeds.get(bundle)
        if feed is None or time.monotonic() < self._away_until:
            return
        try:
            position = self._store.position()
            feed.told = max(feed.told, feed.after)
            while feed.told < position:
                page = self._store.changes(feed.told, FACTS)
                bundle.apply_facts(feed.missing(page.changes))
                feed.told = page.end if page.more else max(page.end, position)
        except StateError:  # the follower logs it
            self._away_until = time.monotonic() + _AWAY_SECONDS
        except Exception:  # a filter goes by what is known rather than that no request with one is answered
            log.exception("catalog_facts_failed", bundle=bundle.version)
            self._away_until = time.monotonic() + _AWAY_SECONDS

    def upsert(self, bundle: LoadedBundle, items: Sequence[CatalogItem]) -> Written:
        """Write items. Together with the new items before, no more than `max_fresh_items` may be new to `bundle`.

        The limit is exact even if several processes write: the store only writes where nothing has changed since the
        new items were counted. Raises CatalogFullError beyond the limit, OverloadedError where other processes change
        the catalogue again and again, and what the store raises.
        """
        items = self._dated(bundle, items)
        for _ in range(_TRIES):
            position = self.catch_up()
            feed = self._feeds[bundle]
            new = sum(feed.is_new(item.item_id) for item in items)
            if new and len(feed.fresh) + new > self._most:
                raise CatalogFullError(len(feed.fresh), new, self._most)
            written = self._store.upsert(items, position if new else None)
            self._follower.wake()
            if written is not None:
                return written
        raise OverloadedError("other servers change the catalogue all the time", 0.1)

    def delete(self, item_ids: Sequence[str]) -> Written:
        """Delete items from the catalogue. Raises what the store raises."""
        written = self._store.delete(item_ids)
        self._follower.wake()
        return written

    def close(self) -> None:
        """Stop following. The store stays open; the model thread must stay open until this returns."""
        self._follower.close()

    def _dated(self, bundle: LoadedBundle, items: Sequence[CatalogItem]) -> list[CatalogItem]:
        """The items, in which those that do not say when they came out have the time that holds then.

        That is the time that was written before; for items of the bundle what the bundle says; for others now.
        """
        silent = [item.item_id for item in items if item.release_time is None]
        written = dict(zip(silent, self._store.get(silent) if silent else [], strict=True))
        in_bundle = dict(zip(silent, bundle.bundled.ids.rows(silent).tolist(), strict=True))
        now = int(time.time() * SECOND)

        def dated(item: CatalogItem) -> CatalogItem:
            if item.item_id not in in_bundle:
                return item
            change = written[item.item_id]
            before = change.item.release_time if change and change.item else None
            if before is None and in_bundle[item.item_id] == NO_ITEM:
                before = now
            return replace(item, release_time=before)

        return list(map(dated, items))

    def _follow(self) -> None:
        self.catch_up()
        self._followed()

    def _bring(self, bundle: LoadedBundle, feed: _Feed) -> None:
        """Let a loaded bundle take in the changes that it does not have yet."""
        position, more = self._store.position(), True
        while more and not self._follower.closing:
            page = self._store.changes(feed.after, CHUNK)
            if changes := feed.take(page.changes):
                self._model_thread.submit(bundle.apply_changes, changes).result()
            feed.after, more = page.end, page.more
        feed.after = max(feed.after, position)  # the store may have dropped the change that has this number


class _Feed:
    """How far one loaded bundle has followed the store, and which new items it has."""

    def __init__(self, bundle: LoadedBundle, contained: int) -> None:
        self.after = -1  # all changes up to this number were applied
        self.told = -1  # of all changes up to this number the facts were taken in
        self.fresh: set[str] = set()
        self._contained = contained  # sequence number up to which the bundle was trained on the store's items
        self._bundled = bundle.bundled.ids

    def take(self, changes: Sequence[CatalogChange]) -> list[CatalogChange]:
        """The changes that the bundle does not contain. New items among them are noted in `fresh`.

        A bundle never contains a deletion: where the training data has events on a deleted item, the bundle has it.
        """
        news = self.missing(changes)
        for change in news:
            if change.item is None:
                self.fresh.discard(change.item_id)
            elif change.item_id not in self._bundled:
                self.fresh.add(change.item_id)
        return news

    def missing(self, changes: Sequence[CatalogChange]) -> list[CatalogChange]:
        """The changes that the bundle does not contain."""
        return [change for change in changes if change.item is None or change.sequence > self._contained]

    def is_new(self, item_id: str) -> bool:
        """Whether writing this item would make one more new item."""
        return item_id not in self.fresh and item_id not in self._bundled
