"""The floor of any gRPC server in Python: parses Recommend, serialises one ready answer, does nothing in between."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
from shortlist.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)


class Echo(RecommendationServiceServicer):
    """Always the same answer."""

    def __init__(self, answer: RecommendResponse) -> None:
        self._answer = answer

    async def Recommend(
        self, request: RecommendRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> RecommendResponse:
        """The answer that a real server gave."""
        return self._answer


async def serve(answer: RecommendResponse) -> None:
    """Serve on a free port until SIGTERM."""
    server = grpc.aio.server()
    add_RecommendationServiceServicer_to_server(Echo(answer), server)  # type: ignore[abstract]  # one method is enough
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"SERVING on 127.0.0.1:{port}: echo", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(1)


if __name__ == "__main__":
    asyncio.run(serve(RecommendResponse.FromString(Path(sys.argv[1]).read_bytes())))
