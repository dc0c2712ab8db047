"""`GET /metrics` over plain HTTP, on threads of its own: no answer waits for a scrape."""

from __future__ import annotations

import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import urlsplit

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from core.addresses import split
from core.errors import UnavailableError
from server.prometheus import WithoutZeros

PATH = "/metrics"

_POLL_SECONDS = 0.1  # how long closing takes at most
_CLIENT_SECONDS = 10.0  # after which a client that says nothing is hung up on

log = structlog.get_logger(__name__)


class MetricsPage:
    """Listens from the moment that it is made, and answers once it is started.

    Raises UnavailableError where the address cannot be listened on.
    """

    def __init__(self, address: str, collector: Collector) -> None:
        host, port = split(address)
        try:
            self._server = _Server(host, port, WithoutZeros(collector))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnavailableError("ADDRESS", f"cannot listen on {address}: {reason}") from None
        self.address = f"{address.rpartition(':')[0]}:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more, and give the port back; waits for no client."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    # Not http.server's own: that one asks the name service for its name before it listens.
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, collector: Collector) -> None:
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        self._collector, self._one_at_a_time = collector, threading.Lock()
        super().__init__((host, port), _Handler)

    def text(self) -> bytes:
        """All metrics. However many ask, one text at a time is made."""
        with self._one_at_a_time:
            return generate_latest(self._collector)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what is wrong; a client that leaves is not."""
        if not isinstance(sys.exc_info()[1], OSError):
            log.exception("metrics_failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "shortlist", ""
    timeout = _CLIENT_SECONDS

    def do_GET(self) -> None:
        if urlsplit(self.path).path != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"there is {PATH} and nothing else")
            return
        text = self.server.text()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes are not logged."""
