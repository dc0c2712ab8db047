"""What happens in a server, told to whoever counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import grpc

    from shortlist_server.pipeline.batch import Batch
    from shortlist_server.serving.routing import Serving
    from shortlist_state import AppendResult

Pending = Literal["recommendations", "writes"]
Log = Literal["events", "catalog"]


class Metrics:
    """Counts nothing: for servers that nobody scrapes. Any thread may tell, and is neither kept waiting nor fails."""

    def serves(self, method: str, request_streaming: bool, response_streaming: bool) -> None:
        """There is a method of this full name. Only such are told of: nobody's inventions become series."""

    def started(self, method: str) -> None:
        """A call has come."""

    def handled(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        """A call has ended; a stream does so once."""

    def pending(self, kind: Pending, count: int) -> None:
        """So many are in work or waiting now."""

    def batch(self, batch: Batch) -> None:
        """A batch has been through the stages, and its jobs have their answers or errors."""

    def written(self, result: AppendResult) -> None:
        """Events are stored."""

    def followed(self, log: Log) -> None:
        """All that the store's log had a moment ago is known here."""

    def serving(self, serving: Serving) -> None:
        """These bundles serve from now on, instead of those before."""
