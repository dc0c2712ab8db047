from __future__ import annotations

import pytest
from shortlist.v1.recommendation_pb2 import ReasonKind

from shortlist_core.types import EventType
from shortlist_server.rpc import explanation_text as wording


@pytest.mark.parametrize(
    ("source", "done", "sentence"),
    [
        ("ease", EventType.PURCHASE, "Because you bought Tea: often chosen together."),
        ("transitions", EventType.VIEW, "Because you viewed Tea: often chosen next."),
        ("text", EventType.LIKE, "Similar to Tea, which you liked."),
        ("fresh", EventType.LIKE, "New, and similar to Tea, which you liked."),
        ("similar_users", EventType.CART, "Because you picked Tea: others who did chose this too."),
        ("a source of tomorrow", EventType.INTERACTION, "Because you chose Tea: often chosen together."),
    ],
)
def test_a_reason_with_an_anchor_names_it_and_what_was_done(source: str, done: EventType, sentence: str) -> None:
    assert wording.text(source, "Tea", done) == sentence
    assert wording.kind(source, True) == ReasonKind.REASON_KIND_HISTORY_ITEM


@pytest.mark.parametrize(
    ("source", "kind", "sentence"),
    [
        ("popular", "POPULAR", "Popular with many."),
        ("popular_14d", "POPULAR", "Popular in the last 14 days."),
        ("popular_1d", "POPULAR", "Popular in the last day."),
        ("popular_6h", "POPULAR", "Popular in the last 6 hours."),
        ("text", "NEW", "New and close to your taste."),
        ("fresh", "NEW", "New in the catalogue."),
        ("als", "TASTE", "It fits what you chose before."),
        ("demographic", "POPULAR", "Popular with people like you."),
        ("", "UNSPECIFIED", ""),
    ],
)
def test_a_reason_without_an_anchor_speaks_for_its_source(source: str, kind: str, sentence: str) -> None:
    assert wording.text(source, None, EventType.INTERACTION) == sentence
    assert wording.kind(source, False) == ReasonKind.Value(f"REASON_KIND_{kind}")


@pytest.mark.parametrize("title", ["T" * 10_000, "\U0001f375" * 300, "a\nb\u2028c\x00d", "{done} {0}"])
def test_any_title_makes_one_sentence_of_at_most_256_characters(title: str) -> None:
    for source in ("ease", "transitions", "text", "similar_users", "two_tower"):
        for done in EventType:
            sentence = wording.text(source, title, done)
            assert 0 < len(sentence) <= 256
            assert not set(sentence) & set("\n\x00\u2028")


def test_an_anchor_without_a_title_is_not_quoted_as_nothing() -> None:
    assert wording.text("ease", " ", EventType.VIEW) == "It fits what you chose before."


@pytest.mark.parametrize(
    ("shared", "sentence"),
    [
        (("country", "United Kingdom"), "Popular in United Kingdom."),
        (("City", "Ulm\nDanube"), "Popular in Ulm Danube."),
        (("age group", "60 to 69"), "Popular with people of the same age group."),
    ],
)
def test_a_reason_of_a_group_names_places_and_of_others_the_key_alone(shared: tuple[str, str], sentence: str) -> None:
    assert wording.text("demographic", None, None, shared) == sentence


def test_a_reason_of_a_group_stays_short() -> None:
    assert len(wording.text("demographic", None, None, ("x" * 5_000, "y" * 5_000))) <= 256
    assert len(wording.text("demographic", None, None, ("country", "y" * 5_000))) <= 256
