"""`shortlist serve`: answer recommendations over gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.worker import Ready


def serve(
    bundles: Annotated[Path, typer.Option(help="Folder of published bundles; the current one is served.")],
    state: Annotated[
        str, typer.Option(help="Store of live users, as sqlite:PATH. Default: state.sqlite beside the bundles folder.")
    ] = "",
    address: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one.")] = "127.0.0.1:50051",
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes on that port, one per core.")] = 1,
    token_file: Annotated[
        Path | None, typer.Option(help="Bearer tokens that may call: TOKEN [read] [write] a line. Default: anybody.")
    ] = None,
    insecure: Annotated[bool, typer.Option(help="Speak plain text where other machines can reach it.")] = False,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that accepted calls have to finish at the end.")] = 30.0,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error; debug logs every call.")] = "info",
) -> None:
    """Serve the current bundle until Ctrl-C or SIGTERM, then finish accepted calls and exit 0."""
    from server import supervisor, worker
    from server.settings import Settings

    settings = Settings.of(
        bundles=bundles,
        state=state or f"sqlite:{bundles.resolve().parent / 'state.sqlite'}",
        address=address,
        token_file=token_file,
        insecure=insecure,
        grace_seconds=grace,
        log_level=log_level,
    )
    if workers == 1:
        worker.run(settings, _announce)
    else:
        supervisor.run(settings, workers, _announce)


def _announce(ready: Ready) -> None:
    typer.echo(f"SERVING on {ready.address}: bundle {ready.bundle}, {ready.items:,} items")
