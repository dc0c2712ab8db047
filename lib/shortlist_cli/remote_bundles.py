"""The commands of `shortlist bundle` that ask a running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import typer
from shortlist import Options, errors
from shortlist.v1 import bundle_service_pb2 as api
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceStub

from shortlist_bundle import Label
from shortlist_cli import bundle_tables, environment, tables
from shortlist_cli.call import explain
from shortlist_core.errors import DataError

SECONDS = 120.0
"""How long a bundle may take to be verified, loaded and warmed."""


def serving(address: str) -> None:
    """Show what the server serves."""
    with _connected(address) as (stub, options):
        _show(stub.GetServingBundle(api.GetServingBundleRequest(), **options.call_arguments(SECONDS, None)).serving)


def activate(address: str, version: str, label: Label, share: float) -> None:
    """Ask for a bundle to serve, and show what then does."""
    request = api.ActivateBundleRequest(bundle_version=version, label=_number(label), user_share=share)
    with _connected(address) as (stub, options):
        _show(stub.ActivateBundle(request, **options.call_arguments(SECONDS, None)).serving)


def rollback(address: str, label: Label) -> None:
    """Ask for a label to be taken back, and show what serves then."""
    request = api.RollbackBundleRequest(label=_number(label))
    with _connected(address) as (stub, options):
        _show(stub.RollbackBundle(request, **options.call_arguments(SECONDS, None)).serving)


@contextmanager
def _connected(address: str) -> Iterator[tuple[BundleServiceStub, Options]]:
    """A stub, and the options to call it with. A call that fails ends the command with one line and exit code 1."""
    try:
        options = Options(tls=environment.tls(), token=environment.token())
        credentials, arguments = options.credentials(address), options.channel_arguments()
    except (ValueError, DataError) as error:
        _fail(str(error), 2)
    if credentials is None:
        channel = grpc.insecure_channel(address, arguments)
    else:
        channel = grpc.secure_channel(address, credentials, arguments)
    with channel:
        try:
            yield BundleServiceStub(channel), options
        except grpc.RpcError as error:
            _fail(explain(errors.from_rpc(error), address), 1)


def _fail(line: str, exit_code: int) -> None:
    typer.echo(f"Error: {line}", err=True)
    raise typer.Exit(exit_code)


def _number(label: Label) -> api.BundleLabel.ValueType:
    return api.BundleLabel.Value(f"BUNDLE_LABEL_{label.upper()}")


def _show(state: api.ServingState) -> None:
    tables.output().print(bundle_tables.serving(state))
