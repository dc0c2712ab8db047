"""The worker: one serving process, from its settings to SERVING, until a signal drains it.

The supervisor starts a worker with `python -P -m shortlist_server.process.worker`. The settings come as a line of JSON
on standard input, and each further line holds settings to take anew. The worker reports on its start with a line of
JSON on standard output. It also drains when standard input ends, which happens when the supervisor has died.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO
from typing import Any

from pydantic import TypeAdapter

from shortlist_core.device import choose
from shortlist_core.errors import ShortlistError
from shortlist_server.base import logs
from shortlist_server.base.ports import check_free
from shortlist_server.base.settings import Settings
from shortlist_server.base.under_way import under_way
from shortlist_server.process.app import Server, create_server
from shortlist_server.process.deployments import open_stores
from shortlist_server.process.reloading import Reloads, Reread, Rereading, follow_reloads
from shortlist_server.system.loaded_bundle import Load, load_bundle
from shortlist_state import open_store

USAGE_ERROR = 2
"""Exit status where the server cannot do what the settings ask for, although nothing is wrong with the program."""

_BEAT_SECONDS = 1.0

_COUNTED_IN = "PROMETHEUS_MULTIPROC_DIR"  # where it is set on import, prometheus_client counts in files there


@dataclass(frozen=True, slots=True)
class Served:
    """What a tenant is served with."""

    tenant: str
    bundle: str
    items: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The report of a process on its start: what it serves, or why it cannot."""

    address: str
    bundle: str = ""  # version; empty where there are tenants
    items: int = 0
    tenants: tuple[Served, ...] = ()
    error: str = ""  # why the process cannot serve, in one line; empty where it serves
    metrics: str = ""  # address of the page of metrics; empty where there is none


REPORT: TypeAdapter[Ready] = TypeAdapter(Ready)


async def serve(
    settings: Settings,
    announce: Callable[[Ready], None],
    stop: asyncio.Event,
    load: Load = load_bundle,
    beat: Callable[[], None] = lambda: None,
    reloads: Reloads | None = None,
) -> None:
    """Serve until `stop` or SIGTERM or SIGINT, then drain. Raises ShortlistError where the server cannot start.

    `beat` is called every second as a sign of life, to the end of the drain, for as long as queries are answered.
    While the server serves, it reloads whenever `reloads` holds an order.
    """
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop_signal, stop.set)
    if not settings.share_port:
        check_free(settings)
    with under_way("opening the store"):
        stores = open_stores(settings, open_store)
    server, port = await create_server(settings, stores, load=load)
    stopping = asyncio.ensure_future(stop.wait())
    beating: asyncio.Future[None] | None = None
    reloading = asyncio.ensure_future(follow_reloads(server, reloads or asyncio.Queue()))
    try:
        beginning = asyncio.ensure_future(server.begin())
        if settings.wait_for_bundle and not await _before(stopping, beginning):
            return
        served = [Served(tenant, bundle.version, len(bundle.items)) for tenant, bundle in (await beginning).items()]
        if settings.metrics_folder:
            from shortlist_server.observe.shared_metrics import take_room  # a late import: see `prepare`

            take_room(settings.metrics_folder, os.getpid())
        gc.collect()
        gc.freeze()  # keeps the loaded bundle out of garbage collection, for which requests would have to wait
        host = settings.address.rpartition(":")[0]
        metrics = server.metrics_page.address if server.metrics_page else ""
        whole = Ready(f"{host}:{port}", metrics=metrics)
        one = None if settings.tenants else served[0]
        announce(replace(whole, bundle=one.bundle, items=one.items) if one else replace(whole, tenants=tuple(served)))
        beating = asyncio.ensure_future(_beating(server, beat))
        await asyncio.wait({beating, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if beating.done():
            await beating  # raises what ended it
    finally:
        reloading.cancel()
        await server.drain()
        if beating:
            beating.cancel()


async def _beating(server: Server, beat: Callable[[], None]) -> None:
    while True:
        if not server.hangs():
            beat()
        await asyncio.sleep(_BEAT_SECONDS)


async def _before(stopping: asyncio.Future[Any], working: asyncio.Future[Any]) -> bool:
    """Whether the work is done before the server is stopped. Otherwise it is cancelled."""
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
        return False
    await working
    return not stopping.done()


def run(
    settings: Settings,
    announce: Callable[[Ready], None],
    load: Load = load_bundle,
    reread: Reread | None = None,
) -> None:
    """Serve in this process until a signal. Raises ShortlistError where the server cannot start.

    On SIGHUP the server reloads: it takes anew what `reread` says.
    """
    prepare(settings)
    rereading = Rereading(settings, reread)

    async def alone() -> None:
        reloads: Reloads = asyncio.Queue()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloads.put_nowait, rereading)
        await serve(settings, announce, asyncio.Event(), load, reloads=reloads)

    try:
        asyncio.run(alone())
    finally:
        logs.release()


def prepare(settings: Settings) -> None:
    """Set what libraries read when they are imported: one thread per model library, and where metrics are counted.

    One thread is enough because there is one process per core.
    """
    for name, value in {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TF_CPP_MIN_LOG_LEVEL": "2"}.items():
        os.environ.setdefault(name, value)
    choose(settings.device)
    os.environ.pop(_COUNTED_IN, None)  # set for another program
    if settings.metrics_folder:
        os.environ[_COUNTED_IN] = str(settings.metrics_folder)
    # In seconds. With the usual five milliseconds the event loop would wait too long for the model thread.
    sys.setswitchinterval(0.0005)
    gc.set_threshold(20_000, 20, 20)  # a batch of answers holds thousands of objects, none of which is garbage yet
    logs.configure(settings.log_level, settings.log_key)


def main(load: Load = load_bundle) -> None:
    """Serve for a supervisor. A custom program may call this with its own `load`, to serve bundles in another way."""
    # Unbuffered, so that what follows the first line is left to be read.
    settings = Settings.model_validate_json(FileIO(sys.stdin.fileno(), closefd=False).readline())
    prepare(settings)
    try:
        asyncio.run(_supervised(settings, load))
    except ShortlistError as error:
        _report(Ready(settings.address, error=str(error)))
        raise SystemExit(USAGE_ERROR) from None
    finally:
        logs.release()


async def _supervised(settings: Settings, load: Load) -> None:
    stop = asyncio.Event()
    reloads: Reloads = asyncio.Queue()
    lines = FileIO(sys.stdin.fileno(), closefd=False)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor says what changes

    def read() -> None:
        if line := lines.readline():
            changed = json.loads(line)
            reloads.put_nowait(lambda: changed)
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            stop.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    os.set_blocking(sys.stdout.fileno(), False)  # a supervisor that does not read must not stop its workers
    await serve(settings, _report, stop, load, _beat, reloads)


def _report(ready: Ready) -> None:
    print(REPORT.dump_json(ready).decode(), flush=True)


def _beat() -> None:
    with suppress(BlockingIOError):
        os.write(sys.stdout.fileno(), b"\n")


if __name__ == "__main__":
    main()
