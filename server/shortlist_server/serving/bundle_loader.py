"""The bundle loader: makes a loaded bundle of a published one, on a thread that steps back for those that answer."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from shortlist_bundle import BundleStore
from shortlist_server.base.settings import Settings
from shortlist_server.base.under_way import under_way
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import Load, LoadedBundle

_NICENESS = 5


class BundleLoader:
    """Loads bundles of one folder for one engine."""

    def __init__(
        self,
        bundles: BundleStore,
        settings: Settings,
        engine: Engine,
        load: Load,
        prepare: Callable[[LoadedBundle], None],
    ) -> None:
        self._bundles = bundles
        self._settings = settings
        self._engine = engine
        self._make = load
        self._prepare = prepare  # further preparation of a bundle before it serves
        self._thread = ThreadPoolExecutor(1, "load", _step_back)

    def load(self, version: str | None) -> LoadedBundle:
        """The loaded bundle of a version, None for the current one, with all catalogue changes. Loading takes seconds.

        Raises as BundleStore.load does, and StateError where the store cannot be read.
        """
        with under_way("verifying the files of the bundle"):
            files = self._bundles.load(version)
        with under_way("loading the bundle, compiling and warming what answers", bundle=files.version):
            bundle = self._make(files, self._settings)
            self._prepare(bundle)
        with under_way("taking in the changes of the catalogue", bundle=files.version):
            self._engine.catalog.follow(bundle)
        self._engine.live.erased_users.leave_out_of(bundle)
        return bundle

    async def load_aside(self, version: str | None) -> LoadedBundle:
        """As `load`, on a thread of its own while requests are answered."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.load, version)

    def close(self) -> None:
        """Load nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Lower the priority of this thread below that of the threads that answer. Only on Linux a thread has its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
