"""`shortlist console`: pages for people over a running server."""

from __future__ import annotations

import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from shortlist_cli.connection import LOCAL, Address
from shortlist_cli.environment import tls
from shortlist_cli.own_server import own_server
from shortlist_console import process
from shortlist_console.settings import Settings
from shortlist_core import terminal
from shortlist_core.errors import InvalidArgumentError, Violation


def console(
    address: Address = LOCAL,
    listen: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one.")] = "127.0.0.1:8080",
    metrics_address: Annotated[
        str | None, typer.Option(help="HOST:PORT of the server's metrics. Left out: the console shows none.")
    ] = None,
    bundles: Annotated[
        Path | None,
        typer.Option(help="Folder of published bundles: start a server of it for as long as the console runs."),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(help="Address of items' pictures, with {item_id} in it. Left out: items are shown without."),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in a browser.")] = False,
    insecure: Annotated[bool, typer.Option(help="Allow plain text where other machines can reach it.")] = False,
) -> None:
    """Show what a server answers and why, and steer its bundles and placements, in a browser, until Ctrl-C or SIGTERM.

    TLS towards the server is set as for `shortlist call`. Where the server asks for tokens, the console asks its users.
    """
    if bundles and (metrics_address or address != LOCAL):
        rule = "starts a server of its own, so --address and --metrics-address do not go with it"
        raise InvalidArgumentError([Violation("--bundles", rule)])
    Settings(listen, address, metrics_address, tls(), insecure, pictures)  # a mistake is told before a server starts

    def announce(where: str) -> None:
        terminal.say(f"CONSOLE on {where}, of the server at {address}. Ctrl-C ends it.")
        if open_browser:
            webbrowser.open(where)

    with ExitStack() as until_end:
        if bundles:
            address, metrics_address = until_end.enter_context(own_server(bundles))
        process.run(Settings(listen, address, metrics_address, tls(), insecure, pictures), announce)
