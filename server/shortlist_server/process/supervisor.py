"""The supervisor: starts several serving processes on one port, replaces dead ones, and drains them all."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from shortlist_core.errors import ShortlistError, UnavailableError
from shortlist_core.processes import python_module
from shortlist_server.base import logs
from shortlist_server.base.ports import reserve
from shortlist_server.base.settings import Settings
from shortlist_server.process.reloading import Reread, Rereading
from shortlist_server.process.worker import Ready
from shortlist_server.process.worker_output import SECOND_LOOK_SECONDS, report_of, silence

if TYPE_CHECKING:
    from shortlist_server.observe.shared_metrics import SharedMetrics

T = TypeVar("T")

log = structlog.get_logger(__name__)

WORKER = tuple(python_module("shortlist_server.process.worker"))

_GIVE_UP = 5  # deaths in a row of workers that never served; those of one that did may be callers' doing
_SETTLED_SECONDS = 60.0  # a worker that dies after more than this is replaced after the first pause again
_OVERTIME_SECONDS = 5.0  # beyond the grace, for a worker that is told to end
_KILLING_SECONDS = 1.0  # of the grace, for a worker that hangs to be killed and for the supervisor to end
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0  # seconds before a dead worker is replaced


def run(
    settings: Settings,
    workers: int,
    announce: Callable[[Ready], None],
    program: Sequence[str] = WORKER,
    reread: Reread | None = None,
) -> None:
    """Serve with this many worker processes until a signal. `announce` is called once, when all workers serve.

    `program` is the command that starts a worker; it has to call `worker.main`. On SIGHUP all workers reload: they take
    anew what `reread` says. Raises ShortlistError where the workers cannot start, or where one dies again and again.
    """
    logs.configure(settings.log_level, settings.log_key)
    with ExitStack() as held:
        held.callback(logs.release)
        reserved = held.enter_context(reserve(settings))
        host, port = settings.address.rpartition(":")[0], reserved.getsockname()[1]
        shared = settings.model_copy(update={"address": f"{host}:{port}", "share_port": True})
        metrics, page, metrics_address = None, None, ""
        if settings.metrics_address is not None:
            # Late import: in a server without workers, `worker.prepare` has to run before prometheus_client is loaded.
            from shortlist_server.observe.shared_metrics import served

            metrics, page = held.enter_context(served(settings.metrics_address))
            shared, metrics_address = shared.model_copy(update={"metrics_folder": metrics.folder}), page.address

        def announce_with_metrics(ready: Ready) -> None:
            announce(replace(ready, metrics=metrics_address))

        rereading = Rereading(settings, reread)
        supervisor = _Supervisor(shared, workers, metrics, announce_with_metrics, program, rereading)
        if page:
            page.ask(supervisor.obstacle)
        try:
            asyncio.run(supervisor.run())
        except* ShortlistError as group:
            raise _first(group) from None


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        workers: int,
        metrics: SharedMetrics | None,
        announce: Callable[[Ready], None],
        program: Sequence[str],
        rereading: Rereading,
    ) -> None:
        self._settings = settings
        self._workers = workers
        self._metrics = metrics
        self._announce = announce
        self._program = program
        self._rereading = rereading
        self._stop = asyncio.Event()
        self._ready = 0  # workers that have reported so far, each as often as it was replaced
        self._serving = 0  # workers that serve now
        self._processes: set[asyncio.subprocess.Process] = set()

    async def run(self) -> None:
        """Keep all workers alive until a signal, then end them."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop_signal, self._stop.set)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._workers):
                    group.create_task(self._keep_alive(number))
        finally:
            for process in self._processes:  # left where the failure of one worker cancelled the tasks of the others
                await process.wait()

    def _reload(self) -> None:
        """Have all workers reload. Those that start from now on do so with the settings that changed."""
        changed = dict(self._rereading())
        self._settings = self._settings.model_copy(update=changed)
        if "log_level" in changed:
            logs.configure(self._settings.log_level, self._settings.log_key)
        for process in self._processes:
            if process.stdin and not process.stdin.is_closing():
                process.stdin.write(json.dumps(changed).encode() + b"\n")

    def obstacle(self) -> str:
        """Why the server does not serve, in a few words; empty where it does. Any thread may ask."""
        if self._stop.is_set():
            return "draining: this server is shutting down"
        if self._ready < self._workers:
            return f"starting: {self._ready} of {self._workers} workers serve"
        return "" if self._serving else "no worker serves"

    async def _keep_alive(self, number: int) -> None:
        """Run one worker, and start a new one whenever it dies."""
        deaths, unserved, pause = 0, 0, _FIRST_PAUSE
        while not self._stop.is_set():
            started = time.monotonic()
            end, is_reported, served = await self._live(number, first=deaths == 0)
            if self._stop.is_set():
                return
            if is_reported:  # the obstacle may pass, such as an absent store of live users; the other workers serve on
                log.error("worker_cannot_start", worker=number, reason=end)
                await self._sleep(_LONGEST_PAUSE)
                continue
            deaths = deaths + 1 if time.monotonic() - started < _SETTLED_SECONDS else 1
            unserved = 0 if served else unserved + 1
            log.error("worker_died", worker=number, end=end, deaths=deaths)
            if unserved >= _GIVE_UP:
                raise UnavailableError("WORKER", f"worker {number} died {unserved} times in a row: {end}")
            pause = _FIRST_PAUSE if deaths == 1 else min(pause * 2, _LONGEST_PAUSE)
            await self._sleep(pause)

    async def _live(self, number: int, first: bool) -> tuple[str, bool, bool]:
        """Run one worker from start to end.

        Returns how it ended, in words, whether the worker itself reported it, and whether it served before. A report at
        the worker's `first` start is raised as UnavailableError instead.
        """
        process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then drains the workers in order
        )
        assert process.stdin is not None and process.stdout is not None
        self._processes.add(process)
        try:
            # Beside workers that serve, callers must not reach one that does not yet.
            settings = self._settings.model_copy(update={"listen_when_loaded": self._serving > 0})
            process.stdin.write(settings.model_dump_json().encode() + b"\n")
            ready = await self._unless_stopped(report_of(process.stdout))
            if ready and ready.error:
                if first:
                    raise UnavailableError("WORKER", ready.error)
                return ready.error, True, False
            if ready:
                log.info("worker_serves", worker=number, pid=process.pid)
                self._count(ready)
            try:
                return await self._end(process, ready is not None), False, ready is not None
            finally:
                self._serving -= ready is not None
        finally:
            await self._finish(process)
            self._processes.remove(process)
            if self._metrics:
                self._metrics.bury(process.pid)

    async def _finish(self, process: asyncio.subprocess.Process) -> None:
        """Let the worker drain. One that hangs is killed within the grace, another one some time after it."""
        if process.returncode is None:
            process.terminate()
        assert process.stdout is not None
        in_time = self._settings.grace_seconds - SECOND_LOOK_SECONDS - _KILLING_SECONDS
        patience = min(self._settings.heartbeat_seconds, max(in_time, 1.0))
        ending, hanging = asyncio.create_task(process.wait()), asyncio.create_task(silence(process.stdout, patience))
        timeout = self._settings.grace_seconds + _OVERTIME_SECONDS
        await asyncio.wait({ending, hanging}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            why = "it gave no sign of life" if hanging.done() else "it did not end after the grace"
            log.error("worker_killed", pid=process.pid, why=why)
            process.kill()
        hanging.cancel()
        await ending

    async def _end(self, process: asyncio.subprocess.Process, serves: bool) -> str:
        """Wait until the worker dies or hangs, or the supervisor stops. Returns in words how the worker ended."""
        waited: set[asyncio.Task[Any]]
        waited = {asyncio.create_task(self._stop.wait()), asyncio.create_task(process.wait())}
        if serves:
            assert process.stdout is not None
            hanging = asyncio.create_task(silence(process.stdout, self._settings.heartbeat_seconds))
            waited.add(hanging)
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if serves and process.returncode is None and hanging.done() and not self._stop.is_set():
                process.kill()  # it would not heed another signal
                await process.wait()
                return f"it gave no sign of life for {self._settings.heartbeat_seconds:g} seconds"
        finally:
            for task in waited:
                task.cancel()
        status = process.returncode
        if status is None:
            return "drained"
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` comes to; None where the supervisor stops before that, and then the work is cancelled."""
        stopping, working = asyncio.create_task(self._stop.wait()), asyncio.create_task(work)
        try:
            await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            stopping.cancel()
            working.cancel()

    def _count(self, ready: Ready) -> None:
        self._ready += 1
        self._serving += 1
        if self._ready == self._workers:
            self._announce(ready)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


def _first(group: BaseExceptionGroup[ShortlistError]) -> ShortlistError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ShortlistError)
    return error
