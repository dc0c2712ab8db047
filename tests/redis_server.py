"""A real redis-server of a test's own: on a free port, in a folder, ended by its own pid."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from waiting import eventually

INSTALLED = shutil.which("redis-server") is not None


class RedisServer:
    """Runs from the start on; with `durable`, what it acknowledged is on disk."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder, self.durable = folder, durable
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.start()

    def url(self, db: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{db}"

    def start(self) -> None:
        """Start, also again on the same port, and wait until it answers."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "always",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)
        eventually(lambda: self.process.poll() is not None or self.ask("PING").startswith("+PONG"))
        assert self.process.poll() is None, "redis-server does not start"

    def ask(self, command: str) -> str:
        """The raw answer to one simple command, empty where nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(65_536).decode("utf-8", "replace")
        except OSError:
            return ""

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait()
