"""A really trained system gives again only what it would answer anew."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from answer_arrays import arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import Ranked
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store

SEQUENCES = itertools.count(1)
ROOM = 20
user, place = st.integers(0, 3), st.integers(0, 9)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), user, st.integers(0, 1)),
        st.tuples(st.just("take"), user, place),
        st.tuples(st.just("delete"), user, place),
        st.tuples(st.just("write"), user, place),
        st.tuples(st.just("erase"), user, place),
    ),
    min_size=15,
    max_size=40,
)


@pytest.fixture(scope="module")
def trained(trained_bundle) -> LoadedBundle:
    return LoadedBundle.load(trained_bundle.load(), 1, ROOM)


@settings(max_examples=25)
@given(steps)
def test_answers_given_again_are_those_that_would_be_made_anew(trained: LoadedBundle, steps) -> None:
    """Of a really trained system, whatever happens in between to users and to what was on top of the last answer."""
    live, thread, answers = LiveUsers(store := open_store("sqlite::memory:")), RankThread(), ResponseCache(1_000)
    live._follower.close()  # what others do shows later where answers are given again, which is not what is compared
    names = [*trained.histories.ids.take(range(2)), "new", ""]
    shown = trained.bundled.ids.take(range(10))

    def ask(plan: Query, held: ResponseCache | None) -> Ranked:
        request = PendingRequest(plan, RequestContext())
        Pipeline(live, thread, held).recommend(trained, [request], Run())
        return request.result()

    for kind, number, place in steps:
        name, item = names[number], shown[place]
        if kind == "ask":
            plan = Query(
                "r", name, count=10, candidate_count=50, seen_items=SeenItems.KEEP if place else SeenItems.DROP
            )
            given, made = ask(plan, answers), ask(plan, None)
            assert all(np.array_equal(x, y) for x, y in zip(arrays(given), arrays(made), strict=True))
            assert (given.hits.sources, given.reasons.sources) == (made.hits.sources, made.reasons.sources)
            shown = trained.items.ids.take(given.items)
        elif kind == "take" and name:
            event = StoredEvent(f"e{next(SEQUENCES)}", name, item, trained.histories.as_of + place)
            store.append([event])
        elif kind == "erase" and name:
            store.erase(name)
        elif kind in ("delete", "write"):
            new = CatalogItem(f"new {number}" if place else item, f"Title {place}") if kind == "write" else None
            trained.apply_changes([CatalogChange(next(SEQUENCES), new.item_id if new else item, new, 0)])
    thread.close()
    live.close()
    store.close()
