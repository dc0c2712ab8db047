"""Settings of a gateway with their defaults, checked before it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shortlist import Tls

from shortlist_core.addresses import is_loopback, split
from shortlist_core.errors import InvalidArgumentError, Violation

ANY_ORIGIN = "*"
"""Stands for every origin among the allowed ones."""


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
    max_seconds: float = 300.0
    """Longest timeout of a call; a caller that asks for more gets this."""
    allow_origins: tuple[str, ...] = ()
    """Origins whose pages browsers let call the gateway (CORS), such as `https://shop.example`; `*`: every origin."""
    max_body_bytes: int = 16 * 1024 * 1024
    """Largest request body; equal to the server's limit for messages."""
    max_held_bytes: int = 256 * 1024 * 1024
    """Most bytes of all bodies that the gateway holds at a time; further ones are refused."""
    body_seconds: float = 30.0
    """How long a body may take to arrive, where the call's own timeout is not shorter."""
    answer_seconds: float = 30.0
    """How long a caller may take to read an answer; then its connection ends."""
    head_seconds: float = 10.0
    """How long the headers of a connection's first request may take to arrive."""
    idle_seconds: float = 75.0
    """How long a connection may wait for its next request; longer than the usual minute of balancers before it."""
    max_connections: int = 512
    """Most connections; beyond them the one idle for longest makes room; while none is, new ones are refused."""
    max_headers: int = 64
    """Most headers of a request, each of at most 8 KiB."""
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
        for origin in self.allow_origins:
            if not (origin == ANY_ORIGIN or re.fullmatch(r"https?://[^\s/?#@*,]+", origin)):
                rule = f"must be SCHEME://HOST[:PORT] without a path, or {ANY_ORIGIN}, not {origin!r}"
                wrong.append(Violation("allow_origins", rule))
        if wrong:
            raise InvalidArgumentError(wrong)


_ADVICE = {
    "address": "other machines can reach it, and a gateway uses plain text: put a TLS proxy in front of it, or trust"
    " the network around it and set --insecure",
    "server": "tokens and answers could be read on the way: set SHORTLIST_ROOT_CERTIFICATES for TLS, or set --insecure",
}
