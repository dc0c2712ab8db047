"""The page of a user: history, answer with reasons, the funnel, and what settings or events would change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web
from shortlist import Item
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

from shortlist_console import words
from shortlist_console.answers.cards import Card, title_of
from shortlist_console.answers.column import Column, told
from shortlist_console.answers.history import History, history_of
from shortlist_console.answers.question import Question
from shortlist_console.pages.choices import choices_of
from shortlist_console.rendering import path
from shortlist_console.visit import Visit

FIRST_HISTORY, SHOWN_HISTORY = 12, 60
"""Items of a history that are shown at once, and in all."""

TRIED = (("view", "views"), ("purchase", "buys"), ("dislike", "dislikes"))
"""Events that a card offers to try."""

Asked = tuple[Column, Question]


async def named(visit: Visit) -> web.Response:
    """The page of the user whose id was typed."""
    user_id = visit.request.query.get("user_id", "").strip()
    return visit.see(f"/users/{path(user_id)}" if user_id else "/visitor")


async def visitor(visit: Visit) -> web.Response:
    """What somebody gets of whom nothing is known."""
    return await _page(visit, "")


async def user(visit: Visit) -> web.Response:
    """What a user did and gets."""
    user_id = visit.request.match_info["user_id"]
    visit.session.looked_at(visit.session.users, user_id)
    return await _page(visit, user_id)


async def _page(visit: Visit, user_id: str) -> web.Response:
    query = visit.request.query
    question = Question.of(query)
    beside = {name: query.get(f"beside_{name}", "") for name in ("bundle", "placement")}
    asked = _asked(question, query.get("beside", ""), beside)
    columns = [column for column, _ in asked]
    history, choices, _ = await asyncio.gather(
        _history(visit, user_id),
        choices_of(visit),
        asyncio.gather(*(_ask(visit, user_id, *each) for each in asked)),
    )
    for column, each in asked:
        column.weighed = bool(each["weights"]) or each["placement"] in choices.weighed
    shown = history.entries[:SHOWN_HISTORY] if history else []
    facts = await told(visit.client, columns, [entry.item_id for entry in shown])
    return visit.render(
        "user",
        user_id=user_id,
        question=question,
        beside=query.get("beside", ""),
        beside_bundle=beside["bundle"],
        beside_placement=beside["placement"],
        columns=columns,
        wrong=columns[-1].wrong,
        history=history,
        entries=_entries(history, facts),
        first_entries=FIRST_HISTORY,
        more_entries=len(history.entries) - len(shown) if history else 0,
        choices=choices,
        tried=TRIED,
        trying=lambda action, item_id: _address(visit, question.trying(action, item_id)),
        pictures=visit.settings.pictures,
    )


def _asked(question: Question, kind: str, beside: Mapping[str, str]) -> list[Asked]:
    """What is asked: the user's list as it is, and beside it what the form asks for, where that is something else."""
    if kind == "same":
        return [(Column(_called(each)), each) for each in (question.but(**beside), question)]
    if question.fields.keys() <= {"count"}:
        return [(Column("What the user gets"), question)]
    plain = question.only("count")
    return [(Column("As it is now"), plain), (Column("With these settings"), question)]


def _called(question: Question) -> str:
    parts = [f"{name} {question[name]}" for name in ("bundle", "placement") if question[name]]
    return f"With {' and '.join(parts)}" if parts else "As the user is served"


async def _ask(visit: Visit, user_id: str, column: Column, question: Question) -> None:
    """Ask the server. Where a field is wrong already, what it says of the others is all that is kept."""
    options, wrong = question.options()
    options |= {"include_trace": True, "include_action_probabilities": True}
    count = options.pop("count", 0)

    async def call() -> RecommendResponse:
        return await visit.client.recommend(user_id, count, **options)

    await column.ask(call, visit.settings.address)
    if wrong:
        column.answer, column.wrong = None, column.wrong | wrong


async def _history(visit: Visit, user_id: str) -> History | None:
    return await history_of(visit.client, user_id) if user_id and visit.rights.users else None


def _entries(history: History | None, facts: Mapping[str, Item]) -> list[Card]:
    """The history as small cards."""
    return [
        Card(
            number,
            entry.item_id,
            title_of(entry.item_id, facts),
            facts.get(entry.item_id),
            note=f"{entry.said}, last on {words.moment(entry.last)}{' (live)' if entry.is_live else ''}",
        )
        for number, entry in enumerate(history.entries[:SHOWN_HISTORY] if history else [], 1)
    ]


def _address(visit: Visit, fields: Mapping[str, str]) -> str:
    return f"{visit.request.path}?{urlencode(fields)}#answer"
