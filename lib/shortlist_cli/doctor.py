"""`shortlist doctor`: looks at this machine, at a running server or at a folder of bundles, and says what to do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shortlist_cli.checkup.bundles import folder
from shortlist_cli.checkup.finding import Finding, Verdict
from shortlist_cli.checkup.machine import machine
from shortlist_cli.checkup.server import server
from shortlist_cli.checkup.traffic import traffic
from shortlist_cli.showing import AsJson, show
from shortlist_core.tables import Column, Table


def doctor(
    address: Annotated[str, typer.Option(help="Look at the server at this HOST:PORT, by gRPC.")] = "",
    metrics_address: Annotated[str, typer.Option(help="Look at the metrics of a server at this HOST:PORT.")] = "",
    bundles: Annotated[Path | None, typer.Option(help="Look at this folder of bundles.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at this machine, at a running server or at a folder of bundles, and say what to do.

    Without options it looks at this machine. TLS and token are set as for `shortlist call`. Exit code 1: something is
    bad.
    """
    looked: dict[str, list[Finding]] = {}
    if address:
        looked["server"] = server(address)
    if metrics_address:
        looked["metrics"] = traffic(metrics_address)
    if bundles:
        looked["bundles"] = folder(bundles)
    if not looked:
        looked["machine"] = machine()
    document = {where: [asdict(each) for each in findings] for where, findings in looked.items()}
    show(as_json, document, *(_table(where, findings) for where, findings in looked.items()))
    if any(each.verdict == Verdict.BAD for findings in looked.values() for each in findings):
        raise typer.Exit(1)


def _table(where: str, findings: list[Finding]) -> Table:
    table = Table(
        Column("check", whole=True), Column("verdict", whole=True), "found", "what to do", title=where, left=True
    )
    for each in findings:
        table.row(each.check, each.verdict, each.found, each.advice)
    return table
