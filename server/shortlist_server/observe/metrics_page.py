"""The page of metrics and the probes, over plain HTTP, answered on threads of its own in the serving process.

`GET /metrics` is for Prometheus, `/livez` and `/readyz` for whoever starts servers and sends them calls.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from shortlist_core.addresses import split
from shortlist_server.base.ports import listening_on
from shortlist_server.observe.prometheus import WithoutZeros

METRICS, LIVE, READY = "/metrics", "/livez", "/readyz"

_POLL_SECONDS = 0.1  # how long closing takes at most

log = structlog.get_logger(__name__)


class MetricsPage:
    """The page of metrics and the probes. It listens as soon as it is made, and answers once it is started.

    `/livez` says 200 while the process lives. `/readyz` says 200 while the server serves, else 503 with the reason.

    At most `clients` connections are open at a time, because each holds a thread and a descriptor. Further connections
    are closed at once, and every connection is closed after `client_seconds`. Raises UnavailableError where the address
    cannot be listened on.
    """

    def __init__(self, address: str, collector: Collector, clients: int = 8, client_seconds: float = 10) -> None:
        host, port = split(address)
        with listening_on(address):
            self._server = _Server(host, port, WithoutZeros(collector), clients, client_seconds)
        self.address = f"{address.rpartition(':')[0]}:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def ask(self, obstacle: Callable[[], str]) -> None:
        """Let `obstacle` say why the server does not serve, empty where it does. It is called on any thread."""
        self._server.obstacle = obstacle

    def close(self) -> None:
        """Stop answering and free the port, without waiting for clients."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    # The standard library's server with two limits that prometheus_client's server and aiohttp's lack: the number of
    # clients at a time, and the time that each may take in all. prometheus_client's server also answers under any path,
    # refuses HEAD, and looks up its host's name before it listens.
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, collector: Collector, clients: int, client_seconds: float) -> None:
        self.obstacle: Callable[[], str] = lambda: "starting"
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        self._collector, self._one_at_a_time = collector, threading.Lock()
        self._most, self._client_seconds = clients, client_seconds
        self._clients: dict[Any, float] = {}  # connection -> deadline
        self._changing = threading.Lock()  # held while a connection closes, as its descriptor may be given to another
        super().__init__((host, port), _Handler)

    def text(self) -> bytes:
        """All metrics as text. One text at a time is made, however many clients ask."""
        with self._one_at_a_time:
            return generate_latest(self._collector)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether one more connection is allowed. If so, it is noted with its deadline."""
        with self._changing:
            if len(self._clients) >= self._most:
                return False
            self._clients[request] = time.monotonic() + self._client_seconds
            return True

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._changing:
            self._clients.pop(request, None)
            super().shutdown_request(request)

    def service_actions(self) -> None:
        """Close the connections whose time is over, which ends the waiting of their threads. Called periodically."""
        with self._changing:
            for request, deadline in self._clients.items():
                if time.monotonic() > deadline:
                    with suppress(OSError):  # the client has left already
                        request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log an error, unless the client left or its connection was closed for being late."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            log.exception("metrics_failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "shortlist", ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == METRICS:
            self._answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, self.server.text())
        elif path == LIVE:
            self._probe("")
        elif path == READY:
            self._probe(self.server.obstacle())
        else:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"there are {METRICS}, {LIVE} and {READY}, and nothing else")

    do_HEAD = do_GET

    def _probe(self, obstacle: str) -> None:
        status = HTTPStatus.SERVICE_UNAVAILABLE if obstacle else HTTPStatus.OK
        self._answer(status, "text/plain; charset=utf-8", f"{obstacle or 'ok'}\n".encode())

    def _answer(self, status: HTTPStatus, content_type: str, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not logged."""
