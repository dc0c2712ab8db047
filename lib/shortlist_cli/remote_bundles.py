"""The commands of `shortlist bundle` that call a running server."""

from __future__ import annotations

from shortlist import BundleLabel
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_bundle import Label
from shortlist_cli import bundle_tables
from shortlist_cli.connection import connected
from shortlist_cli.messages import message
from shortlist_cli.showing import show

SECONDS = 120.0
"""Timeout for verifying, loading and warming up a bundle."""


def serving(address: str, as_json: bool) -> None:
    """Show what the server serves."""
    with connected(address, SECONDS) as client:
        _show(client.get_serving_bundle().serving, as_json)


def activate(address: str, version: str, label: Label, share: float, as_json: bool) -> None:
    """Let the server serve a bundle, and show what it serves then."""
    with connected(address, SECONDS) as client:
        _show(client.activate_bundle(version, _number(label), share).serving, as_json)


def rollback(address: str, label: Label, as_json: bool) -> None:
    """Let the server roll back a label, and show what it serves then."""
    with connected(address, SECONDS) as client:
        _show(client.rollback_bundle(_number(label)).serving, as_json)


def _number(label: Label) -> BundleLabel.ValueType:
    return BundleLabel.Value(f"BUNDLE_LABEL_{label.upper()}")


def _show(state: ServingState, as_json: bool) -> None:
    show(as_json, message(state), bundle_tables.serving(state))
