"""Settings of a gateway with their defaults, checked before it starts."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist import Tls

from shortlist_core.addresses import is_loopback, split
from shortlist_core.errors import InvalidArgumentError, Violation


@dataclass(frozen=True)
class Settings:
    """How a gateway listens and forwards calls. Raises InvalidArgumentError for invalid or unsafe settings."""

    address: str = "127.0.0.1:8080"
    """Host and port to listen on; port 0 takes a free one."""
    server: str = "127.0.0.1:50051"
    """Host and port of the server that calls are forwarded to."""
    tls: Tls | None = None
    """TLS towards the server; None: plain text."""
    insecure: bool = False
    """Allow plain text where other machines can reach it, both with callers and with the server."""
    default_seconds: float = 10.0
    """Timeout of calls that bring none."""
    max_body_bytes: int = 16 * 1024 * 1024
    """Largest request body; equal to the server's limit for messages."""
    grace_seconds: float = 30.0
    """Time that accepted calls have to finish at the end."""

    def __post_init__(self) -> None:
        wrong = []
        for name, address in (("address", self.address), ("server", self.server)):
            try:
                host, _ = split(address)
            except ValueError as error:
                wrong.append(Violation(name, str(error)))
                continue
            if not (self.insecure or is_loopback(host) or (self.tls and name == "server")):
                wrong.append(Violation(name, f"{address}: {_ADVICE[name]}"))
        if wrong:
            raise InvalidArgumentError(wrong)


_ADVICE = {
    "address": "other machines can reach it, and a gateway uses plain text: put a TLS proxy in front of it, or trust"
    " the network around it and set --insecure",
    "server": "tokens and answers could be read on the way: set SHORTLIST_ROOT_CERTIFICATES for TLS, or set --insecure",
}
