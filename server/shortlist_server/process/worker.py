"""One serving process: from settings to SERVING, until a signal drains it.

`python -P -m shortlist_server.process.worker` is how the supervisor starts one: settings come as a line of JSON on
standard input, what came of it goes as a line of JSON to standard output, and the end of standard input (the
supervisor's own end) drains too.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import TypeAdapter

from shortlist_core.device import choose
from shortlist_core.errors import ShortlistError
from shortlist_server.base import logs
from shortlist_server.base.ports import check_free
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import create_server
from shortlist_server.rpc.auth import read_tokens
from shortlist_server.system.loaded_bundle import Load, load_bundle
from shortlist_state import open_store

USAGE_ERROR = 2
"""Exit status where what was asked for cannot be done: nothing is wrong with the program."""

_COUNTED_IN = "PROMETHEUS_MULTIPROC_DIR"  # by which prometheus_client counts in files, once it is imported


@dataclass(frozen=True, slots=True)
class Ready:
    """That a process serves, and what."""

    address: str
    bundle: str
    items: int
    error: str = ""  # in one line, why it does not
    metrics: str = ""  # where they are shown; empty where they are not


REPORT: TypeAdapter[Ready] = TypeAdapter(Ready)


async def serve(
    settings: Settings, announce: Callable[[Ready], None], stop: asyncio.Event, load: Load = load_bundle
) -> None:
    """Serve until `stop` or SIGTERM or SIGINT, then drain. Raises ShortlistError where it cannot begin."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    authority = read_tokens(settings.token_file) if settings.token_file else None
    if not settings.share_port:
        check_free(settings)
    server, port = await create_server(settings, open_store(settings.state), authority, load)
    try:
        bundle = await server.begin()
        if settings.metrics_folder:
            from shortlist_server.observe.shared_metrics import take_room  # late: see `prepare`

            take_room(settings.metrics_folder, os.getpid())
        gc.collect()
        gc.freeze()  # what was loaded stays: nobody's request is to wait while it is looked through for garbage
        host = settings.address.rpartition(":")[0]
        metrics = server.metrics_page.address if server.metrics_page else ""
        announce(Ready(f"{host}:{port}", bundle.version, len(bundle.items), metrics=metrics))
        await stop.wait()
    finally:
        await server.drain()


def run(settings: Settings, announce: Callable[[Ready], None], load: Load = load_bundle) -> None:
    """Serve in this process until a signal. Raises ShortlistError where it cannot begin."""
    prepare(settings)
    asyncio.run(serve(settings, announce, asyncio.Event(), load))


def prepare(settings: Settings) -> None:
    """What has to be set before libraries are imported: one thread for each of the models', as there is a process per
    core, and where metrics are counted.
    """
    for name, value in {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TF_CPP_MIN_LOG_LEVEL": "2"}.items():
        os.environ.setdefault(name, value)
    choose(settings.device)
    os.environ.pop(_COUNTED_IN, None)  # somebody else's
    if settings.metrics_folder:
        os.environ[_COUNTED_IN] = str(settings.metrics_folder)
    # Seconds; the event loop must not queue behind the model thread for the usual five milliseconds.
    sys.setswitchinterval(0.0005)
    gc.set_threshold(20_000, 20, 20)  # a batch of answers is thousands of objects, and none of them is garbage yet
    logs.configure(settings.log_level)


def main(load: Load = load_bundle) -> None:
    """Serve for a supervisor. A program of one's own that calls this serves what `load` makes of bundles."""
    settings = Settings.model_validate_json(sys.stdin.readline())
    prepare(settings)
    try:
        asyncio.run(_supervised(settings, load))
    except ShortlistError as error:
        _report(Ready(settings.address, "", 0, str(error)))
        raise SystemExit(USAGE_ERROR) from None


async def _supervised(settings: Settings, load: Load) -> None:
    stop = asyncio.Event()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            stop.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)
    await serve(settings, _report, stop, load)


def _report(ready: Ready) -> None:
    print(REPORT.dump_json(ready).decode(), flush=True)


if __name__ == "__main__":
    main()
