"""The commands of `shortlist bundle` that ask a running server."""

from __future__ import annotations

from shortlist import BundleLabel
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_bundle import Label
from shortlist_cli import bundle_tables, tables
from shortlist_cli.call import connected

SECONDS = 120.0
"""How long a bundle may take to be verified, loaded and warmed."""


def serving(address: str) -> None:
    """Show what the server serves."""
    with connected(address, SECONDS) as client:
        _show(client.get_serving_bundle().serving)


def activate(address: str, version: str, label: Label, share: float) -> None:
    """Ask for a bundle to serve, and show what then does."""
    with connected(address, SECONDS) as client:
        _show(client.activate_bundle(version, _number(label), share).serving)


def rollback(address: str, label: Label) -> None:
    """Ask for a label to be taken back, and show what serves then."""
    with connected(address, SECONDS) as client:
        _show(client.rollback_bundle(_number(label)).serving)


def _number(label: Label) -> BundleLabel.ValueType:
    return BundleLabel.Value(f"BUNDLE_LABEL_{label.upper()}")


def _show(state: ServingState) -> None:
    tables.output().print(bundle_tables.serving(state))
