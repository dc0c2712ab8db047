"""The bundle manager: loads the bundles that the folder's labels name, and follows the labels.

A bundle is loaded while the others serve, and takes their place between two requests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from shortlist_bundle import BundleStore, Label, Labels
from shortlist_core.errors import ShortlistError
from shortlist_server.base.settings import Settings
from shortlist_server.base.under_way import under_way
from shortlist_server.serving.bundle_loader import BundleLoader
from shortlist_server.serving.canary import CanaryWatch, Limits
from shortlist_server.serving.engine import Engine
from shortlist_server.serving.routing import Canary, Serving
from shortlist_server.serving.shadow import Shadow
from shortlist_server.system.loaded_bundle import Load, LoadedBundle

_WAITING_SECONDS = 60.0  # between log lines while there is no bundle yet
_RETRY_SECONDS = 30.0  # pause before a bundle that could not be loaded is tried again although nothing changed

log = structlog.get_logger(__name__)


class BundleManager:
    """Keeps a process serving the bundles that the folder's CURRENT and LABELS name.

    Changes happen one at a time. All methods belong to one event loop.
    """

    def __init__(
        self, settings: Settings, engine: Engine, load: Load, prepare: Callable[[LoadedBundle], None] = lambda _: None
    ) -> None:
        self.bundles = BundleStore(settings.bundles)
        self.labels = Labels()  # of the last look at the folder
        self.refusal = ""  # why a bundle that a label names is not served; empty where all are
        self._engine = engine
        self._settings = settings
        self._limits = Limits(
            settings.canary_window_seconds,
            settings.canary_least_requests,
            settings.canary_least_callers,
            settings.canary_error_rate,
            settings.canary_degraded_rate,
        )
        self._poll_seconds = settings.bundle_poll_seconds
        self._changing = asyncio.Lock()
        self._failed: dict[str, str] = {}  # canaries that failed here and still have the label -> reason
        self._stamp: object = None
        self._started = asyncio.Event()
        self._news = asyncio.Event()
        self._tried = 0.0
        self._tasks: set[asyncio.Task[object]] = set()
        self._loader = BundleLoader(self.bundles, settings, engine, load, prepare)

    async def start(self) -> LoadedBundle:
        """Load and serve the bundles that the labels name. Returns the stable bundle. `follow` begins to follow.

        Raises what loading the stable bundle raises.
        """
        stable = await asyncio.to_thread(self._loader.load, None)
        self._engine.serve(Serving(stable))
        await self._follow()
        self._started.set()
        return stable

    async def published(self) -> None:
        """Wait until the folder has a current bundle. A folder that is away in the meantime has none."""
        if await asyncio.to_thread(self.bundles.current):
            return
        folder, step = str(self.bundles.directory), "waiting for the first bundle"
        log.info("waiting_for_bundle", folder=folder)
        with under_way(step, first=_WAITING_SECONDS, every=_WAITING_SECONDS, folder=folder):
            while not await asyncio.to_thread(self.bundles.current):
                await asyncio.sleep(self._poll_seconds)

    async def activate(self, version: str, label: Label, share: float) -> None:
        """Give a bundle the label, and serve it in this process by the time this returns.

        A change that has begun is completed even if the caller is cancelled. Raises as BundleStore.activate does, and
        then nothing has changed.
        """
        set_label = {
            "stable": partial(self.bundles.activate, version),
            "canary": partial(self.bundles.set_canary, version, share),
            "shadow": partial(self.bundles.set_shadow, version),
        }[label]

        async def change() -> None:
            loaded = await self._fetch(version)
            await asyncio.to_thread(set_label)
            self._failed.pop(version, None)  # the operator activates it again, so it gets another chance
            await self._serve({version: loaded})

        await self._exclusively(change)

    async def rollback(self, label: Label) -> None:
        """Roll a label back, and serve accordingly. Raises as BundleStore.rollback does; then nothing has changed."""

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
        """Stop following the folder, and end the shadow."""
        for task in self._tasks:
            task.cancel()
        self._loader.close()
        if self._engine.serving and (shadow := self._engine.serving.shadow):
            shadow.close()

    def look_again(self) -> None:
        """Look at the folder now, without waiting for the next poll, and at refused bundles as well."""
        self._stamp = None
        self._news.set()

    async def follow(self) -> None:
        """Follow the folder, once the first bundles serve, until cancelled."""
        await self._started.wait()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._poll_seconds)
            self._news.clear()
            stamp = await asyncio.to_thread(self.bundles.stamp)
            again = self.refusal and time.monotonic() - self._tried > _RETRY_SECONDS
            if stamp != self._stamp or again:
                await self._exclusively(self._follow)

    async def _follow(self) -> None:
        try:
            await self._serve({})
        except Exception as error:  # such as a missing folder; the loaded bundles go on serving
            self._refuse(error)

    async def _serve(self, loaded: dict[str, LoadedBundle]) -> None:
        """Serve the bundles that the labels name now. `loaded` are bundles to use besides those that serve already."""
        self._stamp = await asyncio.to_thread(self.bundles.stamp)  # taken first, so that no later change is missed
        self._tried, self.refusal = time.monotonic(), ""
        await self._end_failed()
        before = self._engine.serving
        assert before is not None
        available = self._loaded() | loaded
        self.labels = labels = await asyncio.to_thread(self.bundles.labels)
        stable = await self._bundle(await asyncio.to_thread(self.bundles.current), available) or before.stable
        same_stable = stable is before.stable  # with another stable bundle the counts of canary and shadow begin anew
        previous = before.previous if same_stable else before.stable
        canary = await self._canary(labels, before, available, same_stable)
        shadow = await self._shadow(labels, before, available, same_stable)
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
        """The loaded bundle of a version. Where it cannot be loaded, None is returned and `refusal` says why."""
        if version in loaded:
            return loaded[version]
        try:
            bundle = await self._loader.load_aside(version)
        except Exception as error:
            self._refuse(error)
            return None
        loaded[bundle.version] = bundle
        return bundle

    async def _fetch(self, version: str) -> LoadedBundle:
        """The loaded bundle of a version, from memory where it is loaded. Raises as BundleLoader.load does."""
        loaded = self._loaded()
        return loaded[version] if version in loaded else await self._loader.load_aside(version)

    def _loaded(self) -> dict[str, LoadedBundle]:
        serving = self._engine.serving
        return {bundle.version: bundle for bundle in serving.loaded()} if serving else {}

    def _refuse(self, error: Exception) -> None:
        self.refusal = str(error) if isinstance(error, ShortlistError) else "it cannot be loaded; the log says why"
        log.error(
            "not_served",
            refusal=self.refusal,
            exc_info=None if isinstance(error, ShortlistError) else error,
            **self._settings.log_fields,
        )

    def _take_off(self, version: str, reason: str) -> None:
        """Take the failed canary off, for all processes of the folder."""
        log.error("canary_rollback", bundle=version, reason=reason, **self._settings.log_fields)
        self._failed[version] = reason
        if self._engine.serving:  # in this process at once, even if the folder cannot be written
            self._engine.serve(replace(self._engine.serving, canary=None))
        self._begin(self._exclusively(self._follow))

    async def _end_failed(self) -> None:
        """Take the label off canaries that failed here. Where that is not possible now, it is tried again later."""
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
        """Start a task, and hold a reference to it until it is done."""
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
