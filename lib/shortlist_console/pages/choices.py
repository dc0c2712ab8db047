"""Choices: the bundles and placements that a form offers, as far as the token may know them."""

from __future__ import annotations

from dataclasses import dataclass

from shortlist import PermissionDenied, ShortlistError, Unauthenticated
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_console.visit import Visit


@dataclass(frozen=True)
class Choices:
    """What may be chosen. Without the scope for it a bundle is typed, not chosen."""

    bundles: tuple[tuple[str, str], ...] = ()  # the version, and what is said of it
    placements: tuple[tuple[str, str], ...] = ()


async def choices_of(visit: Visit) -> Choices:
    """The bundles in the server's memory, and its placements."""
    if not visit.rights.admin:
        return Choices()
    try:
        state = (await visit.client.get_serving_bundle()).serving
        return Choices(tuple((version, f"{role}: {version}") for version, role in loaded(state)))
    except Unauthenticated:
        raise
    except (PermissionDenied, ShortlistError):
        return Choices()


def loaded(state: ServingState) -> tuple[tuple[str, str], ...]:
    """The bundles that a process has in memory, each with its role."""
    roles = {
        state.stable_bundle_version: "stable",
        state.canary.bundle_version: "canary",
        state.shadow.bundle_version: "shadow",
        state.previous_bundle_version: "the one before",
    }
    return tuple((version, role) for version, role in roles.items() if version)
