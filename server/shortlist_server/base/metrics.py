"""What happens in a server, told to whoever counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shortlist_core.types import Ranked
from shortlist_state import AppendResult

Pending = Literal["recommendations", "writes"]
Log = Literal["events", "catalog"]
Label = Literal["stable", "canary", "shadow"]


@dataclass(frozen=True, slots=True)
class ServingBundle:
    """A bundle that serves under a label."""

    version: str
    label: Label
    items: int  # as it was published
    sources: tuple[str, ...]


class Metrics:
    """Counts nothing: for servers that nobody scrapes. Any thread may tell, and is neither kept waiting nor fails."""

    def serves(self, method: str, request_streaming: bool, response_streaming: bool) -> None:
        """There is a method of this full name. Only such are told of: nobody's inventions become series."""

    def started(self, method: str) -> None:
        """A call has come."""

    def handled(self, method: str, code: str, seconds: float) -> None:
        """A call has ended, with the name of a gRPC status code; a stream does so once."""

    def pending(self, kind: Pending, count: int) -> None:
        """So many are in work or waiting now."""

    def batch(self, size: int, stage_seconds: Sequence[tuple[str, float]], answers: Sequence[Ranked]) -> None:
        """A batch of `size` requests has been through the stages, and these are its answers."""

    def written(self, result: AppendResult) -> None:
        """Events are stored."""

    def followed(self, log: Log) -> None:
        """All that the store's log had a moment ago is known here."""

    def serving(self, bundles: Sequence[ServingBundle]) -> None:
        """These bundles serve from now on, instead of those before."""
