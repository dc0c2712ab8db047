"""The pages of items: find one by words of its title; what it is, what is like it, and which users get it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web
from shortlist import BatchRecommendQuery, Item, NotFound, ShortlistError, Unauthenticated
from shortlist.v1.recommendation_pb2 import Recommendation, ScoredItem

from shortlist_console import words
from shortlist_console.answers.cards import Card, facts_of
from shortlist_console.failures import failure
from shortlist_console.rendering import path
from shortlist_console.visit import Visit

SEARCHED_PAGES, PAGE = 10, 1_000
FOUND, NEIGHBOURS, USERS, BEST = 60, 12, 24, 200
"""Items that a search shows, neighbours, users who can be asked about, and how much of their lists is looked at."""


@dataclass(frozen=True)
class Place:
    """Where one user has an item."""

    user_id: str
    rank: int  # 0: not among the best
    score: float | None  # None where the ranker knows nothing of it
    reason: str


async def search(visit: Visit) -> web.Response:
    """The items whose id or title has all the words that were typed."""
    typed = visit.request.query.get("q", "").strip()
    if typed:
        try:
            named = (await visit.client.get_item(typed)).item
            return visit.see(f"/items/{path(named.item_id)}")
        except (Unauthenticated, NotFound) as error:
            if isinstance(error, Unauthenticated):
                raise
        except ShortlistError:  # it cannot be an id
            pass
    found, looked, is_whole = await _search(visit, typed.casefold().split())
    cards = [Card(number, item.item_id, item.title or item.item_id, item) for number, item in enumerate(found, 1)]
    return visit.render(
        "items", typed=typed, cards=cards, looked=looked, is_whole=is_whole, pictures=visit.settings.pictures
    )


async def _search(visit: Visit, wanted: list[str]) -> tuple[list[Item], int, bool]:
    """The items found, how many were looked at, and whether those were all."""
    found: list[Item] = []
    looked, token = 0, ""
    for _ in range(SEARCHED_PAGES):
        page = await visit.client.list_items(page_size=PAGE if wanted else FOUND, page_token=token)
        for item in page.items:
            looked += 1
            text = " ".join((item.title, item.item_id, *item.categories)).casefold()
            if all(word in text for word in wanted):
                found.append(item)
        token = page.next_page_token
        if not token or len(found) >= FOUND:
            break
    return found[:FOUND], looked, not token


async def one(visit: Visit) -> web.Response:
    """What is known of an item."""
    item_id = visit.request.match_info["item_id"]
    shown = (await visit.client.get_item(item_id)).item
    visit.session.looked_at(visit.session.items, item_id)
    typed = visit.request.query.get("users", "")
    asked = [line.strip() for line in typed.splitlines() if line.strip()] or visit.session.users
    (neighbours, why_none), (places, failed) = await asyncio.gather(
        _neighbours(visit, item_id), _places(visit, item_id, asked[:USERS])
    )
    facts = await facts_of(visit.client, (each.item_id for each in neighbours))
    cards = [
        Card(rank, each.item_id, each.title or each.item_id, facts.get(each.item_id), note=_said_by(each))
        for rank, each in enumerate(neighbours, 1)
    ]
    return visit.render(
        "item",
        item=shown,
        card=Card(0, item_id, shown.title or item_id, shown),
        released=words.moment(shown.release_time),
        neighbours=cards,
        why_none=why_none,
        places=places,
        failed=failed,
        users="\n".join(asked[:USERS]),
        best=BEST,
        most_users=USERS,
        pictures=visit.settings.pictures,
    )


def _said_by(neighbour: ScoredItem) -> str:
    return ", ".join(f"{hit.name} #{hit.rank}" for hit in neighbour.sources[:3])


async def _neighbours(visit: Visit, item_id: str) -> tuple[list[ScoredItem], str]:
    try:
        return list((await visit.client.similar_items(item_id, NEIGHBOURS)).items), ""
    except Unauthenticated:
        raise
    except ShortlistError as error:
        return [], failure(error, visit.settings.address).text


async def _places(visit: Visit, item_id: str, users: list[str]) -> tuple[list[Place], str]:
    """Where these users have the item, and why that is not known."""
    if not users:
        return [], ""
    queries = [BatchRecommendQuery(user_id=user, count=BEST) for user in users]
    try:
        batch, ranked = await asyncio.gather(
            visit.client.batch_recommend(queries),
            asyncio.gather(*(visit.client.rank(user, [item_id]) for user in users)),
        )
    except Unauthenticated:
        raise
    except ShortlistError as error:
        return [], failure(error, visit.settings.address).text
    return [
        _place(user, item_id, recommendation, list(alone.items))
        for user, recommendation, alone in zip(users, batch.recommendations, ranked, strict=True)
    ], ""


def _place(user: str, item_id: str, answer: Recommendation, alone: list[ScoredItem]) -> Place:
    score = alone[0].score if alone else None
    for rank, each in enumerate(answer.items, 1):
        if each.item_id == item_id:
            return Place(user, rank, each.score, each.reason.text)
    return Place(user, 0, score, "")
