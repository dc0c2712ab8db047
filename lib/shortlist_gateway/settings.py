"""Every setting of a gateway with its default, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist import Tls

from shortlist_core.addresses import is_loopback, split
from shortlist_core.errors import InvalidArgumentError, Violation


@dataclass(frozen=True)
class Settings:
    """How to pass calls on. Raises InvalidArgumentError for what cannot be or is not safe."""

    address: str = "127.0.0.1:8080"
    """Host and port to listen on; port 0 takes a free one."""
    server: str = "127.0.0.1:50051"
    """Host and port of the server that is asked."""
    tls: Tls | None = None
    """How the server is spoken to; None: plain text."""
    insecure: bool = False
    """Whether plain text may be spoken where other machines reach it: with callers, and with the server."""
    default_seconds: float = 10.0
    """How long a call may take whose caller does not say."""
    max_body_bytes: int = 16 * 1024 * 1024
    """Largest body taken; as large as the server's messages."""
    grace_seconds: float = 30.0
    """How long accepted calls have to finish at the end."""

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
    "address": "other machines reach it, and a gateway speaks plain text: let what speaks TLS stand before it, or trust"
    " the network around it, and say --insecure",
    "server": "tokens and answers could be read on the way: set SHORTLIST_ROOT_CERTIFICATES for TLS, or say --insecure",
}
