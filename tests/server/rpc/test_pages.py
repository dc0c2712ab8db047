"""Tokens of pages: what they hold comes back whole, and whatever else is sent as one is refused."""

from __future__ import annotations

import base64
import time
from dataclasses import replace

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_wire import Running, failure
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent
from shortlist.v1.filter_pb2 import Filter

from shortlist_bundle.strings import hash_ids
from shortlist_core.errors import InvalidArgumentError, PageTokenExpiredError
from shortlist_server.pipeline.query import Page
from shortlist_server.rpc import pages, validate

FIRST = api.RecommendRequest(user_id="ann", count=3, excluded_item_ids=["i1"])
IDS = ["i5", "i7", "\U0001f375"]


def second(token: str | None = None, **changed: object) -> api.RecommendRequest:
    """The request of the second page, after one of IDS."""
    request = api.RecommendRequest(page_token=first_token() if token is None else token)
    request.MergeFrom(FIRST)
    request.MergeFrom(api.RecommendRequest(**changed))
    return request


def first_token() -> str:
    return pages.next_token(validate.recommend(FIRST).page, IDS)


def refusal(request: api.RecommendRequest) -> str:
    with pytest.raises(InvalidArgumentError) as refused:
        validate.recommend(request)
    (violation,) = refused.value.violations
    assert violation.field == "page_token"
    return violation.description


def test_a_token_brings_back_what_was_shown_and_the_next_one_adds_to_it() -> None:
    page = validate.recommend(second()).page
    assert page.shown == hash_ids(IDS).tobytes() and page.list == validate.recommend(FIRST).page.list
    third = validate.recommend(second(pages.next_token(page, ["i9"]))).page
    assert third.shown == hash_ids([*IDS, "i9"]).tobytes()


def test_the_first_page_has_shown_nothing() -> None:
    assert validate.recommend(FIRST).page.shown == b""


@given(st.data())
def test_a_token_that_was_changed_on_its_way_is_refused(data: st.DataObject) -> None:
    token = first_token()
    at = data.draw(st.integers(0, len(token) - 2))  # of the last character not every bit counts
    put = data.draw(st.text(max_size=3).filter(lambda text: text != token[at]))
    assert "damaged" in refusal(second(token[:at] + put + token[at + 1 :]))


@given(st.one_of(st.text(min_size=1), st.binary(min_size=1).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_what_no_server_made_is_refused(token: str) -> None:
    assert "damaged" in refusal(second(token))


def test_a_token_that_is_far_too_long_is_refused_by_its_length() -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        validate.recommend(second("A" * 100_000))
    assert "60,000" in refused.value.violations[0].description


@pytest.mark.parametrize(
    "changed",
    [
        {"user_id": "bob"},
        {"candidate_count": 30},
        {"excluded_item_ids": ["i2"]},
        {"filter": Filter(included_categories=["tea"])},
        {"seen_items_policy": 2},
        {"diversity": 0.5},
        {"user_attributes": [{"key": "country", "value": "France"}]},
        {"action_weights": [{"action": 4, "weight": 2}]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_token_of_another_list_is_refused(changed: dict) -> None:
    assert "of another request" in refusal(second(**changed))


def test_what_changes_from_moment_to_moment_may_differ() -> None:
    changed = second(
        request_id="r2",
        count=7,
        context_events=[ContextEvent(item_id="i20")],
        context_attributes=[{"key": "device", "value": "phone"}],
        include_trace=True,
        include_action_probabilities=True,
    )
    assert validate.recommend(changed).page.shown == hash_ids(IDS).tobytes()


def _made(monkeypatch: pytest.MonkeyPatch, days: float) -> str:
    """A token that was made so many days from now."""
    with monkeypatch.context() as patch:
        now = time.time()
        patch.setattr(pages.time, "time", lambda: now + days * pages.DAY_SECONDS)
        return first_token()


def test_a_token_is_good_for_a_day_and_no_longer_than_two(monkeypatch: pytest.MonkeyPatch) -> None:
    assert validate.recommend(second(_made(monkeypatch, -0.99))).page.shown
    with pytest.raises(PageTokenExpiredError, match="begin again"):
        validate.recommend(second(_made(monkeypatch, -2)))


def test_what_else_is_wrong_comes_before_the_age_of_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    old = second(_made(monkeypatch, -2), count=-4)
    with pytest.raises(InvalidArgumentError) as refused:
        validate.recommend(old)
    assert [violation.field for violation in refused.value.violations] == ["count"]


def test_a_clock_may_be_ahead_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    assert validate.recommend(second(_made(monkeypatch, 0.99))).page.shown
    assert "from the future" in refusal(second(_made(monkeypatch, 2)))


def test_equal_requests_have_equal_tokens() -> None:
    assert first_token() == first_token()


def test_a_list_ends_after_so_many_items() -> None:
    almost = Page(b"12345678", bytes(8 * (pages.MAX_SHOWN - 2)))
    assert pages.next_token(almost, ["i1"]) and not pages.next_token(almost, ["i1", "i2"])
    assert len(pages.next_token(almost, ["i1"])) < pages.MAX_CHARACTERS
    assert not pages.next_token(replace(almost, shown=b""), [])  # an empty page leads nowhere


async def test_a_server_answers_page_after_page(running: Running) -> None:
    """Forty items, of which ann has seen three; one of the others is deleted, and another one written, in between."""
    request, shown = api.RecommendRequest(user_id="ann", count=15), list[str]()
    for changes in (lambda: running.catalog.DeleteItems(catalog.DeleteItemsRequest(item_ids=["i4"])), None, None):
        page = await running.api.Recommend(request)
        shown += [item.item_id for item in page.items]
        request.page_token = page.next_page_token
        if changes:
            await changes()
    assert not request.page_token
    assert sorted(shown) == sorted({f"i{i}" for i in range(40)} - {"i0", "i1", "i2", "i4"})


async def test_a_server_says_that_a_token_has_expired(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _made(monkeypatch, -2)
    got = await failure(running.api.Recommend(second(old)))
    assert (got.code, got.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PAGE_TOKEN_EXPIRED")
