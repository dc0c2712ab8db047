"""The first page: find a user or an item, and what the server is doing."""

from __future__ import annotations

import asyncio

from aiohttp import web
from shortlist import ShortlistError, Unauthenticated
from shortlist.v1.bundle_service_pb2 import ServingState

from shortlist_console.answers.cards import facts_of, title_of
from shortlist_console.pages.choices import loaded
from shortlist_console.visit import Visit


async def home(visit: Visit) -> web.Response:
    """Where one begins."""
    state, healthy, facts = await asyncio.gather(
        _state(visit), _healthy(visit), facts_of(visit.client, visit.session.items)
    )
    return visit.render(
        "home",
        state=state,
        loaded=loaded(state) if state else (),
        healthy=healthy,
        latest=visit.samples.latest(),
        users=visit.session.users,
        items=[(item_id, title_of(item_id, facts)) for item_id in visit.session.items],
    )


async def _state(visit: Visit) -> ServingState | None:
    if not visit.rights.admin:
        return None
    try:
        return (await visit.client.get_serving_bundle()).serving
    except Unauthenticated:
        raise
    except ShortlistError:
        return None


async def _healthy(visit: Visit) -> bool:
    try:
        return (await visit.client.health()).name == "SERVING"
    except ShortlistError:
        return False
