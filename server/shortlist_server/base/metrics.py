"""Metrics: the interface through which a server reports what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shortlist_core.types import Ranked
from shortlist_state import AppendResult

Pending = Literal["recommendations", "writes", "reads"]
Log = Literal["events", "catalog", "tokens"]
Label = Literal["stable", "canary", "shadow"]


@dataclass(frozen=True, slots=True)
class ServingBundle:
    """A bundle that serves under a label, as metrics show it."""

    version: str
    label: Label
    items: int  # how many items the bundle was published with
    sources: tuple[str, ...]


class Metrics:
    """Metrics that count nothing, for servers that nobody scrapes; subclasses count.

    Every method may be called from any thread. No method waits or raises.
    """

    def of(self, tenant: str) -> Metrics:
        """The metrics of a tenant; these, where there are no tenants, and for calls that belong to none."""
        return self

    def serves(self, method: str, request_streaming: bool, response_streaming: bool) -> None:
        """Announce a method by its full name. Only announced methods are counted, so callers cannot make up series."""

    def started(self, method: str) -> None:
        """Count a call that has started."""

    def handled(self, method: str, code: str, seconds: float) -> None:
        """Count a call that has ended, with the name of its gRPC status code. A stream counts once."""

    def pending(self, kind: Pending, count: int) -> None:
        """Report how many requests of a kind are in work or waiting now."""

    def batch(self, size: int, stage_seconds: Sequence[tuple[str, float]], answers: Sequence[Ranked]) -> None:
        """Count a batch of `size` requests that has been through the stages, and its answers."""

    def written(self, result: AppendResult, unknown_items: int) -> None:
        """Count events that were stored, and how many of them are about items that nobody knows."""

    def impressions(self, stored: int = 0, duplicates: int = 0, dropped: int = 0) -> None:
        """Count impressions that the server counted itself: stored, known already, or dropped."""

    def unknown_users(self, requests: int) -> None:
        """Count requests whose user nobody knows: no event in bundle or store, and no attribute in the bundle."""

    def restarted(self, part: str) -> None:
        """Count a part of the server that failed and begins again, such as "grpc_server"."""

    def followed(self, log: Log) -> None:
        """Report that this process has read the store's log to its end, or the token file, just now."""

    def expired(self, events: int) -> None:
        """Count live events that were deleted because they expired."""

    def store_available(self, available: bool) -> None:
        """Report whether this process could read the store just now."""

    def serving(self, bundles: Sequence[ServingBundle]) -> None:
        """Report the bundles that serve from now on, instead of those before."""
