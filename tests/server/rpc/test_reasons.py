from __future__ import annotations

import numpy as np
import pytest
from shortlist.v1.recommendation_pb2 import ReasonKind

from shortlist_core import explanation_text as wording
from shortlist_core.explanations import NEW_ITEMS, SILENCE, Explanation
from shortlist_core.types import EventType
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.registry import SOURCES
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_server.rpc.convert import reason_kind


def said_by(source: type[Source]) -> Explanation:
    """What a source of this class says, whatever it was fitted on."""
    return source.__new__(source).explanation


def popularity_of(days: float) -> Explanation:
    return Popularity("", np.zeros(0, np.float32), np.zeros(0, np.int32), 0, days).explanation


@pytest.mark.parametrize(
    ("said", "done", "sentence"),
    [
        (said_by(ItemItem), EventType.PURCHASE, "Because you bought Tea: often chosen together."),
        (said_by(Transitions), EventType.VIEW, "Because you viewed Tea: often chosen next."),
        (said_by(Text), EventType.LIKE, "Similar to Tea, which you liked."),
        (said_by(TwoTower), EventType.LIKE, "Similar to Tea, which you liked."),
        (NEW_ITEMS.explanation, EventType.LIKE, "New, and similar to Tea, which you liked."),
        (said_by(SimilarUsers), EventType.CART, "Because you picked Tea: others who did chose this too."),
        (Explanation(), EventType.INTERACTION, "Because you chose Tea: often chosen together."),
    ],
)
def test_a_reason_with_an_anchor_names_it_and_what_was_done(said: Explanation, done: EventType, sentence: str) -> None:
    assert wording.text(said, "Tea", done) == sentence
    assert reason_kind(said, True) == ReasonKind.REASON_KIND_HISTORY_ITEM


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (popularity_of(np.inf), "POPULAR", "Popular with many."),
        (popularity_of(14.2), "POPULAR", "Popular in the last 14 days."),
        (popularity_of(1), "POPULAR", "Popular in the last day."),
        (popularity_of(0.25), "POPULAR", "Popular in the last 6 hours."),
        (said_by(Text), "NEW", "New and close to your taste."),
        (NEW_ITEMS.explanation, "NEW", "New in the catalogue."),
        (said_by(ALS), "TASTE", "It fits what you chose before."),
        (said_by(Demographic), "POPULAR", "Popular with people like you."),
        (SILENCE, "UNSPECIFIED", ""),
    ],
)
def test_a_reason_without_an_anchor_speaks_for_its_source(said: Explanation, kind: str, sentence: str) -> None:
    assert wording.text(said, None, EventType.INTERACTION) == sentence
    assert reason_kind(said, False) == ReasonKind.Value(f"REASON_KIND_{kind}")


@pytest.mark.parametrize("title", ["T" * 10_000, "\U0001f375" * 300, "a\nb\u2028c\x00d", "{done} {0}"])
def test_any_title_makes_one_sentence_of_at_most_256_characters_of_any_source(title: str) -> None:
    for said in (NEW_ITEMS.explanation, *(said_by(source) for source in SOURCES if source is not Popularity)):
        for done in EventType:
            sentence = wording.text(said, title, done)
            assert 0 < len(sentence) <= 256
            assert not set(sentence) & set("\n\x00\u2028")


def test_an_anchor_without_a_title_is_not_quoted_as_nothing() -> None:
    assert wording.text(said_by(ItemItem), " ", EventType.VIEW) == "It fits what you chose before."


@pytest.mark.parametrize(
    ("shared", "sentence"),
    [
        (("country", "United Kingdom"), "Popular in United Kingdom."),
        (("City", "Ulm\nDanube"), "Popular in Ulm Danube."),
        (("age group", "60 to 69"), "Popular with people of the same age group."),
    ],
)
def test_a_reason_of_a_group_names_places_and_of_others_the_key_alone(shared: tuple[str, str], sentence: str) -> None:
    assert wording.text(said_by(Demographic), None, 0, shared) == sentence


def test_a_reason_of_a_group_stays_short() -> None:
    said = said_by(Demographic)
    assert len(wording.text(said, None, 0, ("x" * 5_000, "y" * 5_000))) <= 256
    assert len(wording.text(said, None, 0, ("country", "y" * 5_000))) <= 256
