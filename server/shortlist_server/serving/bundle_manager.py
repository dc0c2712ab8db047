"""The bundle manager keeps a process serving what its folder asks for: it loads aside, swaps between requests, and
follows changes.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import structlog

from shortlist_bundle import BundleStore, Label, Labels
from shortlist_core.errors import ShortlistError
from shortlist_server.base.settings import Settings
from shortlist_server.serving.canary import CanaryWatch, Limits
from shortlist_server.serving.engine import Engine
from shortlist_server.serving.routing import Canary, Serving
from shortlist_server.serving.shadow import Shadow
from shortlist_server.system.loaded_bundle import Load, LoadedBundle

_NICENESS = 5
_RETRY_SECONDS = 30.0  # before a bundle that could not be loaded is tried again although nothing changed

log = structlog.get_logger(__name__)


def _step_back() -> None:
    """Let the threads that answer go before this one wherever both want the same core. On Linux alone a thread has a
    priority of its own.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class BundleManager:
    """What the folder's CURRENT and LABELS say is what serves here. One change at a time; for one event loop."""

    def __init__(
        self, settings: Settings, engine: Engine, load: Load, prepare: Callable[[LoadedBundle], None] = lambda _: None
    ) -> None:
        self._prepare = prepare  # what else a bundle needs done before it serves
        self.bundles = BundleStore(settings.bundles)
        self.labels = Labels()  # as the folder had them when it was looked at last
        self.refusal = ""  # why something that the folder asks for is not served
        self._engine = engine
        self._settings, self._make = settings, load
        self._limits = Limits(
            settings.canary_window_seconds,
            settings.canary_least_requests,
            settings.canary_error_rate,
            settings.canary_degraded_rate,
        )
        self._poll_seconds = settings.bundle_poll_seconds
        self._changing = asyncio.Lock()
        self._failed: dict[str, str] = {}  # canaries that did badly here and still have the label, and why they go
        self._stamp: object = None
        self._tried = 0.0
        self._tasks: set[asyncio.Task[object]] = set()
        self._loader = ThreadPoolExecutor(1, "load", _step_back)

    async def start(self) -> LoadedBundle:
        """Load and serve what the folder asks for; raises where the stable bundle cannot be. Then follow it."""
        stable = await asyncio.to_thread(self._load, None)
        self._engine.serve(Serving(stable))
        await self._follow()
        self._begin(self._watch())
        return stable

    async def activate(self, version: str, label: Label, share: float) -> None:
        """Serve a bundle under a label, here once this returns; raises as BundleStore.activate, nothing changed then.

        Ends what it has begun even if its caller is cancelled.
        """
        set_label = {
            "stable": partial(self.bundles.activate, version),
            "canary": partial(self.bundles.set_canary, version, share),
            "shadow": partial(self.bundles.set_shadow, version),
        }[label]

        async def change() -> None:
            loaded = await self._fetch(version)
            await asyncio.to_thread(set_label)
            self._failed.pop(version, None)  # mended, or the operator knows better
            await self._serve({version: loaded})

        await self._exclusively(change)

    async def rollback(self, label: Label) -> None:
        """Take a label back and serve accordingly; raises as BundleStore.rollback, and nothing has changed then."""

        async def change() -> None:
            loaded: dict[str, LoadedBundle] = {}
            if label == "canary":
                await asyncio.to_thread(self.bundles.remove_canary)
            elif label == "shadow":
                await asyncio.to_thread(self.bundles.remove_shadow)
            else:
                target = await asyncio.to_thread(self.bundles.rollback_target)
                loaded[target] = await self._fetch(target)
                await asyncio.to_thread(self.bundles.rollback)
            await self._serve(loaded)

        await self._exclusively(change)

    def close(self) -> None:
        """Follow no more."""
        for task in self._tasks:
            task.cancel()
        self._loader.shutdown(wait=False, cancel_futures=True)
        if self._engine.serving and (shadow := self._engine.serving.shadow):
            shadow.close()

    async def _watch(self) -> None:
        """Follow the folder for ever."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            stamp = await asyncio.to_thread(self.bundles.stamp)
            again = self.refusal and time.monotonic() - self._tried > _RETRY_SECONDS
            if stamp != self._stamp or again:
                await self._exclusively(self._follow)

    async def _follow(self) -> None:
        try:
            await self._serve({})
        except Exception as error:  # such as a folder that is gone: what is served goes on
            self._refuse(error)

    async def _serve(self, loaded: dict[str, LoadedBundle]) -> None:
        """Serve what the folder says at this moment. `loaded` may be used beside what is in memory anyway."""
        self._stamp = await asyncio.to_thread(self.bundles.stamp)  # taken first: a later change is seen as one
        self._tried, self.refusal = time.monotonic(), ""
        await self._end_failed()
        before = self._engine.serving
        assert before is not None
        available = self._loaded() | loaded
        self.labels = labels = await asyncio.to_thread(self.bundles.labels)
        stable = await self._bundle(await asyncio.to_thread(self.bundles.current), available) or before.stable
        same = stable is before.stable  # with another one to compare with, counts begin anew
        previous = before.previous if same else before.stable
        canary = await self._canary(labels, before, available, same)
        shadow = await self._shadow(labels, before, available, same)
        self._engine.serve(Serving(stable, canary, shadow, previous))
        if before.shadow and before.shadow is not shadow:
            before.shadow.close()

    async def _canary(
        self, labels: Labels, before: Serving, loaded: dict[str, LoadedBundle], same_stable: bool
    ) -> Canary | None:
        wanted = labels.canary
        if wanted is None or wanted.version in self._failed:
            return None
        if (bundle := await self._bundle(wanted.version, loaded)) is None:
            return None
        if before.canary and before.canary.bundle is bundle and same_stable:
            return Canary(bundle, wanted.share, before.canary.watch)
        return Canary(bundle, wanted.share, CanaryWatch(self._limits, partial(self._take_off, wanted.version)))

    async def _shadow(
        self, labels: Labels, before: Serving, loaded: dict[str, LoadedBundle], same_stable: bool
    ) -> Shadow | None:
        if labels.shadow is None or (bundle := await self._bundle(labels.shadow.version, loaded)) is None:
            return None
        if before.shadow and before.shadow.bundle is bundle and same_stable:
            return before.shadow
        return Shadow(bundle, self._engine.live)

    async def _bundle(self, version: str | None, loaded: dict[str, LoadedBundle]) -> LoadedBundle | None:
        """The loaded bundle of a version; None, and why in `refusal`, where it cannot be had."""
        if version in loaded:
            return loaded[version]
        try:
            bundle = await self._load_aside(version)
        except Exception as error:
            self._refuse(error)
            return None
        loaded[bundle.version] = bundle
        return bundle

    async def _fetch(self, version: str) -> LoadedBundle:
        """The bundle of a version, from memory if it is there; raises where it cannot be loaded."""
        loaded = self._loaded()
        return loaded[version] if version in loaded else await self._load_aside(version)

    async def _load_aside(self, version: str | None) -> LoadedBundle:
        """As `_load`, while requests are answered."""
        return await asyncio.get_running_loop().run_in_executor(self._loader, self._load, version)

    def _load(self, version: str | None) -> LoadedBundle:
        """A warmed bundle of a version, None for the current one, that knows all items; takes seconds.

        Raises as BundleStore.load does, and StateError where the store cannot be read.
        """
        bundle = self._make(self.bundles.load(version), self._settings)
        self._prepare(bundle)
        self._engine.catalog.follow(bundle)
        return bundle

    def _loaded(self) -> dict[str, LoadedBundle]:
        serving = self._engine.serving
        return {bundle.version: bundle for bundle in serving.loaded()} if serving else {}

    def _refuse(self, error: Exception) -> None:
        self.refusal = str(error) if isinstance(error, ShortlistError) else "it cannot be loaded; the log says why"
        log.error("not_served", refusal=self.refusal, exc_info=None if isinstance(error, ShortlistError) else error)

    def _take_off(self, version: str, reason: str) -> None:
        """The canary is bad: end it for all processes of the folder."""
        log.error("canary_rollback", bundle=version, reason=reason)
        self._failed[version] = reason
        if self._engine.serving:  # here at once, even if the folder cannot be written
            self._engine.serve(replace(self._engine.serving, canary=None))
        self._begin(self._exclusively(self._follow))

    async def _end_failed(self) -> None:
        """Take the label off canaries that did badly here; where that cannot be done, it is tried again later."""
        for version, reason in list(self._failed.items()):
            try:
                await asyncio.to_thread(self.bundles.take_off, version, reason)
                del self._failed[version]
            except Exception as error:
                self._refuse(error)

    async def _exclusively(self, change: Callable[[], Awaitable[None]]) -> None:
        async def alone() -> None:
            async with self._changing:
                await change()

        await asyncio.shield(self._begin(alone()))

    def _begin(self, work: Awaitable[object]) -> asyncio.Task[object]:
        """A task that is kept until it is done, whoever else forgets it."""
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
