"""Choices: the bundles and placements that a form offers, as far as the token may know them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shortlist import Placement, ShortlistError, Unauthenticated
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_console.visit import Visit

Options = tuple[tuple[str, str], ...]
"""What may be chosen: the value, and what is said of it."""


@dataclass(frozen=True)
class Choices:
    """What may be chosen. Without the scope for it a bundle is typed, not chosen."""

    bundles: Options = ()
    placements: Options = ()
    weighed: frozenset[str] = frozenset()  # placements whose scores are sums of weighted probabilities


async def choices_of(visit: Visit) -> Choices:
    """The bundles in the server's memory, and its placements."""
    bundles, placements = await asyncio.gather(_bundles(visit), _placements(visit))
    names = tuple((each.name, each.name) for each in placements)
    return Choices(bundles, names, frozenset(each.name for each in placements if each.action_weights))


async def _bundles(visit: Visit) -> Options:
    if not visit.rights.admin:
        return ()
    try:
        state = (await visit.client.get_serving_bundle()).serving
    except Unauthenticated:
        raise
    except ShortlistError:  # the page says elsewhere what is wrong
        return ()
    return tuple((version, f"{role}: {version}") for version, role in loaded(state))


async def _placements(visit: Visit) -> Sequence[Placement]:
    try:
        return (await visit.client.list_placements()).placements
    except Unauthenticated:
        raise
    except ShortlistError:
        return ()


def loaded(state: ServingState) -> Options:
    """The bundles that a process has in memory, each with its role."""
    roles = {
        state.stable_bundle_version: "stable",
        state.canary.bundle_version: "canary",
        state.shadow.bundle_version: "shadow",
        state.previous_bundle_version: "the one before",
    }
    return tuple((version, role) for version, role in roles.items() if version)
