"""The page of a user: history, answer with reasons, the funnel, and what settings or events would change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from shortlist import NotFound, ShortlistError, Unauthenticated, Unavailable
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

from shortlist_console import words
from shortlist_console.answers.cards import Card, Gone, cards, facts_of, gone, title_of
from shortlist_console.answers.funnel import Funnel
from shortlist_console.answers.history import History, history_of
from shortlist_console.answers.lines import ACTIONS
from shortlist_console.answers.question import Question, by_field
from shortlist_console.failures import failure
from shortlist_console.pages.choices import choices_of
from shortlist_console.rendering import path
from shortlist_console.visit import Visit

SHOWN_HISTORY = 60
"""Items of a history that are shown."""

TRIED = (("view", "views"), ("purchase", "buys"), ("dislike", "dislikes"))
"""Events that a card offers to try."""


@dataclass
class Column:
    """One answer of the page."""

    title: str
    question: Question
    answer: RecommendResponse | None = None
    wrong: dict[str, str] = field(default_factory=dict)  # by field of the form
    failed: str = ""
    cards: list[Card] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)

    @property
    def funnel(self) -> Funnel:
        """The picture of the trace."""
        return Funnel.of(self.answer.trace if self.answer else ())

    @property
    def degraded(self) -> list[str]:
        """In which ways the answer is less than it should be."""
        return [words.degraded(flag) for flag in (self.answer.degraded if self.answer else ())]


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
    columns = _columns(question, query.get("beside", ""), Question.of(_beside(query)))
    history, choices, _ = await asyncio.gather(
        _history(visit, user_id),
        choices_of(visit),
        asyncio.gather(*(_ask(visit, user_id, column) for column in columns)),
    )
    facts = await facts_of(visit.client, _shown(history, columns))
    for column, before in zip(columns, [None, *columns], strict=False):
        items = column.answer.items if column.answer else []
        known = before.answer.items if before and before.answer else None
        column.cards = cards(items, facts, known)
        column.gone = gone(items, known) if known is not None and column.answer else []
    return visit.render(
        "user",
        user_id=user_id,
        question=question,
        beside=query.get("beside", ""),
        beside_bundle=query.get("beside_bundle", ""),
        beside_placement=query.get("beside_placement", ""),
        columns=columns,
        wrong=columns[-1].wrong,
        history=history,
        entries=_entries(history, facts),
        more_entries=max(len(history.entries) - SHOWN_HISTORY, 0) if history else 0,
        choices=choices,
        actions=ACTIONS,
        tried=TRIED,
        trying=lambda action, item_id: _address(visit, question.trying(action, item_id)),
        pictures=visit.settings.pictures,
    )


def _columns(question: Question, beside: str, other: Question) -> list[Column]:
    """What is asked: the user's list as it is, and beside it what the form asks for, where that is something else."""
    if beside == "same":
        changed = question.but(bundle=other["bundle"], placement=other["placement"])
        return [Column(_called(changed), changed), Column(_called(question), question)]
    plain = question.only("count")
    if question.fields.keys() <= {"count"}:
        return [Column("What the user gets", question)]
    return [Column("As it is now", plain), Column("With these settings", question)]


def _called(question: Question) -> str:
    parts = [f"{name} {question[name]}" for name in ("bundle", "placement") if question[name]]
    return " and ".join(parts).capitalize() if parts else "As the user is served"


def _beside(query: Any) -> dict[str, str]:
    return {name: query.get(f"beside_{name}", "") for name in ("bundle", "placement")}


async def _ask(visit: Visit, user_id: str, column: Column) -> None:
    """Ask the server, and keep what came of it in the column."""
    options, column.wrong = column.question.options()
    if column.wrong:
        return
    count = options.pop("count", 0)
    try:
        column.answer = await visit.client.recommend(
            user_id, count, include_trace=True, include_action_probabilities=True, **options
        )
    except Unauthenticated:
        raise
    except Unavailable as error:
        if not error.reason:
            raise
        column.failed = failure(error, visit.settings.server).text
    except ShortlistError as error:
        told = failure(error, visit.settings.server)
        column.wrong = by_field(told.fields)
        if error.reason == "BUNDLE_NOT_LOADED":
            column.wrong = {"bundle": error.message}
        elif isinstance(error, NotFound):
            column.wrong = {"placement": error.message}
        elif not column.wrong:
            column.failed = f"{told.title}. {told.text}"


async def _history(visit: Visit, user_id: str) -> History | None:
    return await history_of(visit.client, user_id) if user_id and visit.rights.users else None


def _shown(history: History | None, columns: list[Column]) -> list[str]:
    """The items whose facts the page needs."""
    shown = [entry.item_id for entry in history.entries[:SHOWN_HISTORY]] if history else []
    for column in columns:
        for item in column.answer.items if column.answer else ():
            shown += [item.item_id, *([item.reason.anchor_item_id] if item.reason.anchor_item_id else [])]
    return shown


def _entries(history: History | None, facts: Any) -> list[Card]:
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


def _address(visit: Visit, fields: dict[str, str]) -> str:
    return f"{visit.request.path}?{urlencode(fields)}#answer"
