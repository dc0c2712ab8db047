"""Real servers for the clients' tests: processes of `shortlist serve`, one of them restarted when a test says so."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Server:
    """A process of `shortlist serve` on a free port of 127.0.0.1, with a state and a log of its own in `folder`."""

    def __init__(self, folder: Path, bundles: Path, *arguments: str) -> None:
        folder.mkdir(exist_ok=True)
        self._log = folder / "log"
        command = [
            sys.executable,
            "-P",
            "-m",
            "shortlist_cli.main",
            "serve",
            "--bundles",
            str(bundles),
            "--address",
            "127.0.0.1:0",
        ]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*command, "--state", f"sqlite:{folder}/state.sqlite", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    def port(self) -> int:
        """Where it serves; waits until it does."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        match = re.match(r"SERVING on 127\.0\.0\.1:(\d+): ", line)
        assert match, line + self._log.read_text()
        return int(match[1])

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()


class Restartable:
    """A server behind a port that is open only while it serves, as a balancer that watches health would have it.

    At `control`, another port, a test says `restart`: the server is killed, `stopped` is answered, and the next one
    starts. To `wait` the answer is `serving`, once it does.
    """

    def __init__(self, start: Callable[[], Server]) -> None:
        self._start = start
        self._server = start()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._port = 0
        self._opening: asyncio.Task[None]
        self.address, self.control = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the ports; whoever started the servers ends them."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _begin(self) -> tuple[str, str]:
        control = await asyncio.start_server(self._obey, "127.0.0.1", 0)
        self._opening = asyncio.create_task(self._open())
        await self._opening
        return f"127.0.0.1:{self._port}", f"127.0.0.1:{control.sockets[0].getsockname()[1]}"

    async def _open(self) -> None:
        self._backend = await asyncio.to_thread(self._server.port)
        self._front = await asyncio.start_server(self._relay, "127.0.0.1", self._port)
        self._port = self._front.sockets[0].getsockname()[1]

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            if line.strip() == b"restart":
                self._front.close()
                self._server.kill()
                self._server = self._start()
                self._opening = asyncio.create_task(self._open())
                writer.write(b"stopped\n")
            elif line.strip() == b"wait":
                await self._opening
                writer.write(b"serving\n")
        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._backend)
        except OSError:  # killed a moment ago
            writer.close()
            return
        await asyncio.gather(_copy(reader, back_writer), _copy(back_reader, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Everything until either side is gone; then the other is told."""
    try:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()
