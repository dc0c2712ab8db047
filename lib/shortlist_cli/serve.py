"""`shortlist serve`: answer recommendations over gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from shortlist_cli.served import served
from shortlist_cli.settings_layers import Config, no_secret, read_again
from shortlist_core import durations
from shortlist_core.device import Device
from shortlist_core.terminal import plain
from shortlist_server.base.log_key import read_log_key
from shortlist_server.base.settings import Settings
from shortlist_server.process import supervisor, worker
from shortlist_server.process.worker import Ready
from shortlist_server.system.loaded_bundle import Load, load_bundle

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Worker:
    """What serves: this process with what `load` makes of bundles, or processes that `program` starts."""

    load: Load = load_bundle
    program: Sequence[str] = supervisor.WORKER


def serve(
    context: typer.Context,
    bundles: Annotated[
        Path | None,
        typer.Option(help="Folder of published bundles. The current one is served. Needed where there are no tenants."),
    ] = None,
    tenants: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with a table for each tenant: bundles, state, limits. Left out: the server is not shared."
        ),
    ] = None,
    wait_for_bundle: Annotated[
        bool, typer.Option("--wait-for-bundle", help="Start without a bundle, and serve once the first is published.")
    ] = False,
    state: Annotated[
        str,
        typer.Option(
            callback=no_secret,
            help="Store of live users and items, as sqlite:PATH or redis://HOST:PORT/DB. Left out: state.sqlite beside"
            " the bundles folder, where that place can be written.",
        ),
    ] = "",
    address: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one.")] = "127.0.0.1:50051",
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes that share the port; one per core is best.")
    ] = 1,
    metrics_address: Annotated[
        str | None, typer.Option(help="HOST:PORT of Prometheus metrics, plain HTTP. Left out: none.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file of the certificate. Left out: plain text.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's private key.")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="PEM file of the CA that signs clients' certificates (mTLS).")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File of tokens made by `shortlist token`. Left out: anybody may call.")
    ] = None,
    insecure: Annotated[bool, typer.Option(help="Allow plain text where other machines can reach it.")] = False,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that accepted calls have to finish at the end.")] = 30.0,
    reuse: Annotated[
        float,
        typer.Option(min=0, help="Seconds that the response cache keeps an answer for identical requests; 0: none."),
    ] = 5.0,
    keep_events: Annotated[
        str, typer.Option(help="How long live events are kept, such as 400d (m, h, d, w). Left out: for good.")
    ] = "",
    max_user_events: Annotated[
        int | None,
        typer.Option(min=1, help="Live events that are kept of a user, and as many impressions. Left out: all."),
    ] = None,
    device: Annotated[
        Device, typer.Option(help="What the ranker computes on; auto: a GPU where there is one.")
    ] = Device.AUTO,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error; debug logs every call.")] = "info",
    config: Config = None,
) -> None:
    """Serve the current bundle until Ctrl-C or SIGTERM, then finish accepted calls and exit 0.

    On SIGHUP read the settings file again, and look at once for other bundles, placements and tokens.
    """
    serving: Worker = context.obj or Worker()
    settings = _settings(context.params)

    def reread() -> Settings:
        given = read_again(context)
        if given["workers"] != workers:
            log.warning("settings_need_restart", settings=["workers"])
        return _settings(given)

    def announce(ready: Ready) -> None:
        whole = f"{len(ready.tenants)} tenants" if ready.tenants else f"bundle {ready.bundle}, {ready.items:,} items"
        each = [f"tenant {of.tenant}: bundle {of.bundle}, {of.items:,} items" for of in ready.tenants]
        serving = f"SERVING on {ready.address}: {whole}"
        metrics = [f"metrics at http://{ready.metrics}/metrics{_who_scrapes(settings)}"] if ready.metrics else []
        # All lines at once, because a reader may leave after the first one.
        typer.echo("\n".join(map(plain, [serving, *each, _who_reaches(settings), *metrics])))

    if workers == 1:
        worker.run(settings, announce, serving.load, reread)
    else:
        supervisor.run(settings, workers, announce, serving.program, reread)


def _settings(given: Mapping[str, Any]) -> Settings:
    """The settings that the values of all options make. Raises ShortlistError where they cannot be used."""
    keep_events = given["keep_events"]
    names = {"bundles", "state", "tenants", "workers", "wait_for_bundle"}
    whose = served(**{name: given[name] for name in names})
    as_they_are = Settings.model_fields.keys() & given.keys() - names
    return Settings.of(
        **whose.settings,
        **{name: given[name] for name in as_they_are},
        wait_for_bundle=given["wait_for_bundle"],
        grace_seconds=given["grace"],
        reuse_seconds=given["reuse"],
        keep_events_seconds=durations.seconds(keep_events, "--keep-events") if keep_events else None,
        log_key=read_log_key(whose.log_key_file),
    )


def _who_reaches(settings: Settings) -> str:
    """One line that says how connections of clients are protected."""
    if settings.tls_client_ca:
        return f"TLS, for clients with a certificate signed by {settings.tls_client_ca}"
    if settings.tls:
        return f"TLS, with the certificate {settings.tls_cert}"
    if settings.loopback:
        return "plain text, which only this machine can reach; --tls-cert and --tls-key turn on TLS"
    return "plain text that other machines can reach, as --insecure allows"


def _who_scrapes(settings: Settings) -> str:
    return "" if settings.metrics_loopback else ", plain text that other machines can reach, as --insecure allows"
