"""Erased users: who was deleted from the store, or is recorded as deleted beside the bundles.

No answer uses what a bundle knows of them: neither in answers to them, nor as neighbours of other users.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import structlog

from shortlist_bundle.erasures import Erasures
from shortlist_core.errors import UnavailableError
from shortlist_server.system.erased_rows import Erased
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore

log = structlog.get_logger(__name__)


class ErasedUsers:
    """The erased users that one process knows. Any thread may ask and tell.

    What is known outlives a store that is unavailable, or that loses its data. Raises UnavailableError where the list
    beside the bundles cannot be read at the start, and what the store raises.
    """

    def __init__(self, store: StateStore, beside_bundles: Erasures | None = None) -> None:
        self._of_store, self._beside = _OfStore(store), beside_bundles
        self._version = 0  # grows when somebody is added
        self._done: WeakKeyDictionary[LoadedBundle, int] = WeakKeyDictionary()  # up to which version
        self._changing = threading.Lock()
        self._is_unreadable = False
        self.learn(store.tombstones())

    def __contains__(self, user_id: str) -> bool:
        """Whether a user was erased, without asking the store."""
        return self._of_store.has(user_id) or (self._beside is not None and user_id in self._beside)

    def learn(self, pseudonyms: Iterable[bytes]) -> None:
        """Take in users whom the store calls by these pseudonyms."""
        with self._changing:
            if self._of_store.add(pseudonyms):
                self._version += 1

    def add(self, user_id: str) -> bool:
        """Take in a user who was just erased from the store, and record it beside the bundles, durably.

        Returns whether it could be recorded; the log tells where not.
        """
        self.learn([self._of_store.pseudonym(user_id)])
        if self._beside is None:
            return False
        try:
            self._beside.add(user_id)
        except UnavailableError as error:
            log.warning("erasure_not_recorded_with_bundles", reason=str(error))
            return False
        return True

    def refresh(self) -> None:
        """Take in what other processes recorded beside the bundles. Where that cannot be read, what was known stays."""
        if self._beside is None:
            return
        try:
            if self._beside.refresh():
                with self._changing:
                    self._version += 1
            self._is_unreadable = False
        except UnavailableError as error:
            if not self._is_unreadable:
                log.error("erasures_unreadable", reason=str(error))
            self._is_unreadable = True

    def leave_out_of(self, bundle: LoadedBundle) -> None:
        """Leave all erased users out of a loaded bundle; does nothing where nobody was added since the last time."""
        with self._changing:
            if self._done.get(bundle) != self._version:
                lists: list[Erased] = [self._of_store, *([self._beside] if self._beside else [])]
                bundle.forget(lists)
                self._done[bundle] = self._version


class _OfStore(Erased):
    """The pseudonyms that the store gave to those whom it erased, kept in memory."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._pseudonyms: frozenset[bytes] = frozenset()

    def has(self, user_id: str) -> bool:
        return bool(self._pseudonyms) and self.pseudonym(user_id) in self._pseudonyms

    def add(self, pseudonyms: Iterable[bytes]) -> bool:
        """Whether any of them is new. Every poll of the log asks, mostly with none, so only news copies the set."""
        new = set(pseudonyms) - self._pseudonyms
        if new:
            self._pseudonyms |= new
        return bool(new)

    def pseudonym(self, user_id: str) -> bytes:
        return self._store.pseudonym(user_id)

    def tombstones(self) -> frozenset[bytes]:
        return self._pseudonyms
