"""Whatever the API can say has words on the pages."""

from __future__ import annotations

from shortlist import EventType, SeenItemsPolicy
from shortlist.v1 import recommendation_pb2 as parts

from shortlist_console import words

MAPPED = (
    (parts.Stage, words.STAGES),
    (parts.DropReason, words.DROPS),
    (parts.Degradation, words.DEGRADED),
    (parts.RuleOutcome, words.OUTCOMES),
)


def test_every_value_of_the_api_has_words() -> None:
    assert [kind.Name(value) for kind, told in MAPPED for value in kind.values() if value and value not in told] == []
    assert {words.action_name(value) for value in EventType.values()} == words.ACTIONS.keys()
    assert {*words.SEEN_POLICIES.values()} == {*SeenItemsPolicy.values()} - {0}


def test_a_value_of_a_newer_api_is_shown_all_the_same() -> None:
    assert words.did(99) == "took" and "does not know" in words.drop(99) and "does not know" in words.degraded(99)
