"""`shortlist gateway`: offer a server's API as HTTP/JSON, for callers without gRPC."""

from __future__ import annotations

from typing import Annotated

import typer

from shortlist_cli.environment import tls
from shortlist_cli.settings_layers import Config
from shortlist_core import terminal
from shortlist_gateway import process
from shortlist_gateway.settings import Settings


def gateway(
    address: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one.")] = "127.0.0.1:8080",
    server: Annotated[
        str, typer.Option(help="HOST:PORT of the server that calls are forwarded to.")
    ] = "127.0.0.1:50051",
    insecure: Annotated[bool, typer.Option(help="Allow plain text where other machines can reach it.")] = False,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="Origin whose pages browsers let call the gateway (CORS), or *; may be repeated."),
    ] = None,
    config: Config = None,
) -> None:
    """Answer HTTP/JSON (the Connect protocol) from a gRPC server, until Ctrl-C or SIGTERM.

    TLS towards the server is set as for `shortlist call`. Callers' `authorization` headers are passed on.
    """
    settings = Settings(address, server, tls(), insecure, allow_origins=tuple(allow_origin or ()))
    process.run(settings, lambda where: terminal.say(f"SERVING HTTP on {where}, from {server}"))
