"""How a client reaches the servers: every setting with its default, and what gRPC is told because of it."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

_SERVICES = tuple(
    f"shortlist.v1.{name}"
    for name in (
        "RecommendationService",
        "EventService",
        "CatalogService",
        "UserService",
        "BundleService",
        "PlacementService",
    )
)
_ONCE = {"service": "shortlist.v1.BundleService", "method": "RollbackBundle"}
"""The one method that does more when it is repeated."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates, as the bytes of PEM files."""

    root_certificates: bytes | None = None
    """Whom to trust. None: the roots that come with gRPC."""
    private_key: bytes | None = field(default=None, repr=False)
    """This client's own key, for servers that ask who calls (mTLS)."""
    certificate_chain: bytes | None = None
    """This client's own certificate; goes with `private_key`."""

    def __post_init__(self) -> None:
        if (self.private_key is None) != (self.certificate_chain is None):
            raise ValueError("private_key and certificate_chain go together: give both or neither")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of `Client` and `AsyncClient`. Raises ValueError on a setting that cannot work."""

    timeout: float = 1.0
    """Seconds for a call, retries included, unless the call sets its own. A stream has no limit but its own."""
    batch_timeout: float = 5.0
    """Seconds for BatchRecommend, WriteEvents and what is asked of items, users and bundles, which take more."""
    bundle_timeout: float = 120.0
    """Seconds for ActivateBundle and RollbackBundle, which may verify, load and warm a bundle."""
    max_attempts: int = 4
    """How often a call is tried in all while servers answer UNAVAILABLE: 1 to 5. RollbackBundle is tried once."""
    wait_for_ready: bool = False
    """Whether a call waits out its timeout for a server to come up, rather than fail when none can be reached."""
    tls: Tls | None = None
    """None: plain text, for loopback and for networks that encrypt by themselves."""
    token: str | Callable[[], str] | None = field(default=None, repr=False)
    """Bearer token, or what gives the current one. Needs TLS, except towards a loopback address."""
    max_message_bytes: int = 16 * 1024 * 1024
    """Largest message sent or received."""

    def __post_init__(self) -> None:
        for name in ("timeout", "batch_timeout", "bundle_timeout"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is a positive number of seconds, not {value}")
        if not 1 <= self.max_attempts <= 5:
            raise ValueError(f"max_attempts is 1 to 5, not {self.max_attempts}")
        if self.max_message_bytes < 1:
            raise ValueError(f"max_message_bytes is positive, not {self.max_message_bytes}")

    def service_config(self) -> str:
        """The gRPC service config, JSON: balancing and retries."""
        config: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
        if self.max_attempts > 1:
            policy = {
                "maxAttempts": self.max_attempts,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }
            tried_again = {"name": [{"service": name} for name in _SERVICES], "retryPolicy": policy}
            config["methodConfig"] = [tried_again, {"name": [_ONCE]}]  # of two that fit, the one with a method holds
            # Retries stop while about one call in ten fails or more: they must not finish off servers that struggle.
            config["retryThrottling"] = {"maxTokens": 100, "tokenRatio": 0.1}
        return json.dumps(config)

    def channel_arguments(self) -> list[tuple[str, str | int]]:
        """What both kinds of channel are made with."""
        return [
            ("grpc.service_config", self.service_config()),
            ("grpc.enable_retries", int(self.max_attempts > 1)),
            ("grpc.max_send_message_length", self.max_message_bytes),
            ("grpc.max_receive_message_length", self.max_message_bytes),
            # Finds a dead connection within 40 seconds, also an idle one that a firewall has forgotten.
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 5_000),
        ]

    def credentials(self, address: str) -> grpc.ChannelCredentials | None:
        """Credentials for a channel to `address`, None for plain text. ValueError rather than a token in the open."""
        if self.tls is not None:
            tls = self.tls
            return grpc.ssl_channel_credentials(tls.root_certificates, tls.private_key, tls.certificate_chain)
        if self.token is not None and not _is_loopback(address):
            raise ValueError(f"a token is sent to {address} only over TLS: set tls=Tls(...)")
        return None

    def call_arguments(self, timeout: float | None, default: float | None) -> dict[str, Any]:
        """What every call is made with beside its request. `default` seconds hold where `timeout` is None."""
        token = self.token() if callable(self.token) else self.token
        return {
            "timeout": default if timeout is None else timeout,
            "metadata": [] if token is None else [("authorization", f"Bearer {token}")],
            "wait_for_ready": self.wait_for_ready,
        }


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or address.startswith(("unix:", "unix-abstract:"))
