"""The commands of `shortlist bundle` that call a running server."""

from __future__ import annotations

from shortlist import BundleLabel
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_bundle import Label
from shortlist_cli import bundle_tables
from shortlist_cli.connection import connected
from shortlist_core import terminal

SECONDS = 120.0
"""Timeout for verifying, loading and warming up a bundle."""


def serving(address: str) -> None:
    """Show what the server serves."""
    with connected(address, SECONDS) as client:
        _show(client.get_serving_bundle().serving)


def activate(address: str, version: str, label: Label, share: float) -> None:
    """Let the server serve a bundle, and show what it serves then."""
    with connected(address, SECONDS) as client:
        _show(client.activate_bundle(version, _number(label), share).serving)


def rollback(address: str, label: Label) -> None:
    """Let the server roll back a label, and show what it serves then."""
    with connected(address, SECONDS) as client:
        _show(client.rollback_bundle(_number(label)).serving)


def _number(label: Label) -> BundleLabel.ValueType:
    return BundleLabel.Value(f"BUNDLE_LABEL_{label.upper()}")


def _show(state: ServingState) -> None:
    terminal.output().print(bundle_tables.serving(state))
