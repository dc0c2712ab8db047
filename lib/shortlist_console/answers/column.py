"""Columns of a page: answers beside each other, asked, and told as cards with what moved from one to the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shortlist import AsyncClient, Item, NotFound, ShortlistError, Unauthenticated, Unavailable
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

from shortlist_console import words
from shortlist_console.answers.cards import Card, Gone, cards, facts_of, gone
from shortlist_console.answers.funnel import Funnel
from shortlist_console.answers.question import by_field
from shortlist_console.answers.rules import RuleStory, moved_items, rule_stories
from shortlist_console.failures import failure


@dataclass
class Column:
    """One answer."""

    title: str
    weighed: bool = False  # whether scores are sums of weighted probabilities
    answer: RecommendResponse | None = None
    wrong: dict[str, str] = field(default_factory=dict)  # by field of the form
    failed: str = ""
    cards: list[Card] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    rules: list[RuleStory] = field(default_factory=list)

    @property
    def funnel(self) -> Funnel:
        """The picture of the trace."""
        return Funnel.of(self.answer.trace if self.answer else ())

    @property
    def degraded(self) -> list[str]:
        """In which ways the answer is less than it should be."""
        return [words.degraded(flag) for flag in (self.answer.degraded if self.answer else ())]

    async def ask(self, call: Callable[[], Awaitable[RecommendResponse]], server: str) -> None:
        """Keep the answer of a call, or what is wrong with it.

        Raises Unauthenticated, and Unavailable where no server is there: no column can be shown then.
        """
        try:
            self.answer = await call()
        except Unauthenticated:
            raise
        except Unavailable as error:
            if not error.reason:
                raise
            self.failed = failure(error, server).text
        except ShortlistError as error:
            told = failure(error, server)
            self.wrong |= by_field(told.fields)
            if error.reason == "BUNDLE_NOT_LOADED":
                self.wrong["bundle"] = error.message
            elif isinstance(error, NotFound):
                self.wrong["placement"] = error.message
            elif not told.fields:
                self.failed = f"{told.title}. {told.text}"


async def told(client: AsyncClient, columns: Sequence[Column], more: Sequence[str] = ()) -> Mapping[str, Item]:
    """Fill the columns with cards. Returns the facts of their items, and of the items `more`."""
    shown = list(more)
    for column in columns:
        if column.answer:
            shown += [item.item_id for item in column.answer.items]
            shown += [item.reason.anchor_item_id for item in column.answer.items if item.reason.anchor_item_id]
            shown += moved_items(column.answer.trace)
    facts = await facts_of(client, shown)
    for column, before in zip(columns, [None, *columns], strict=False):
        if column.answer:
            known = before.answer.items if before and before.answer else None
            column.cards = cards(column.answer.items, facts, known)
            column.gone = [] if known is None else gone(column.answer.items, known)
            column.rules = rule_stories(column.answer.trace, facts)
    return facts
