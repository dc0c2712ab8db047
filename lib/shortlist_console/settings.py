"""Settings of a console with their defaults, checked before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from shortlist import Tls

from shortlist_core.addresses import is_loopback, split
from shortlist_core.errors import InvalidArgumentError, Violation

ITEM_ID = "{item_id}"
"""Stands for the item in the address of pictures."""


@dataclass(frozen=True)
class Settings:
    """How a console listens and whom it asks. Raises InvalidArgumentError for invalid or unsafe settings."""

    listen: str = "127.0.0.1:8080"
    """Host and port to listen on; port 0 takes a free one."""
    address: str = "127.0.0.1:50051"
    """Host and port of the server."""
    metrics_address: str | None = None
    """Host and port of the server's metrics; None: the console shows none."""
    tls: Tls | None = None
    """TLS towards the server; None: plain text."""
    insecure: bool = False
    """Allow plain text where other machines can reach it, both with browsers and with the server."""
    pictures: str | None = None
    """Address of items' pictures, with `{item_id}` in it; None: items are shown without."""
    call_seconds: float = 10.0
    """Deadline of a call to the server."""
    bundle_seconds: float = 120.0
    """Deadline of a call that loads a bundle."""
    session_seconds: float = 12 * 3600.0
    """How long a browser's session lives after its last request."""
    max_sessions: int = 1_000
    """Most sessions; beyond them the one idle for longest ends."""
    sample_seconds: float = 5.0
    """Time between two looks at the metrics."""

    def __post_init__(self) -> None:
        wrong = []
        addresses = {"--listen": self.listen, "--address": self.address, "--metrics-address": self.metrics_address}
        for option, address in addresses.items():
            if address is None:
                continue
            try:
                host, _ = split(address)
            except ValueError as error:
                wrong.append(Violation(option, str(error)))
                continue
            if not (self.insecure or is_loopback(host) or (self.tls and option == "--address")):
                wrong.append(Violation(option, f"{address}: {_ADVICE[option]}"))
        if self.pictures is not None and not (self.picture_origin and ITEM_ID in self.pictures):
            rule = f"must be such as https://pictures.shop.example/{ITEM_ID}.jpg, not {self.pictures!r}"
            wrong.append(Violation("--pictures", rule))
        if wrong:
            raise InvalidArgumentError(wrong)

    @property
    def picture_origin(self) -> str:
        """Scheme and host of the pictures, which browsers may ask then; empty where there are none."""
        parts = urlsplit(self.pictures or "")
        usable = parts.scheme in ("http", "https") and parts.netloc and not set(parts.netloc) & set(" ;,'\"{}@*")
        return f"{parts.scheme}://{parts.netloc}" if usable else ""


_ADVICE = {
    "--listen": "other machines can reach it, and a console uses plain text: put a TLS proxy in front of it, or trust"
    " the network around it and set --insecure",
    "--address": "tokens and answers could be read on the way: set SHORTLIST_ROOT_CERTIFICATES for TLS, or set"
    " --insecure",
    "--metrics-address": "metrics are plain text on the way: trust the network around it and set --insecure",
}
