"""Walks over the pages of lists, with real sources: no item comes twice, and none is left out that the rules allow.

Between two pages anything may happen: events, items written and deleted, another bundle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import server_fakes as fakes
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent
from shortlist.v1.filter_pb2 import SEEN_ITEMS_POLICY_DROP as DROP
from shortlist.v1.filter_pb2 import SEEN_ITEMS_POLICY_KEEP as KEEP
from shortlist.v1.filter_pb2 import Filter

from shortlist_bundle import BundleStore
from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.types import Event, EventType
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.retriever import Retriever
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.rpc import convert, validate
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.placements.item_selector import OfLongTail
from shortlist_server.system.placements.placement import Placement, Placements
from shortlist_server.system.placements.rule import Cap, Grouping, MinimumShare, Pin, Rule, Spacing
from shortlist_state import open_store
from shortlist_synthetic import publish as synthetic

SIZES = (90, 140)  # the items of two bundles, of which the second holds those of the first, too
USERS = 40
NEW = [f"n{i}" for i in range(15)]
RULES = (
    Rule("ours first", Pin(("i00000003", "n1", "i00000007"), 2)),
    Rule("two of a kind", Cap(Grouping(), 2)),
    Rule("what few took", MinimumShare(OfLongTail(0.8), 0.2)),
    Rule("not side by side", Spacing(Grouping(), 1)),
)
PLACEMENTS = Placements({"home": Placement("home", rules=RULES)})


class Shop:
    """Two bundles, of which one serves, and a store; and what they should hold, as plain sets."""

    def __init__(self, bundles: list[LoadedBundle]) -> None:
        self.bundles, self.serving = bundles, bundles[0]
        self.ids = {bundle.version: set(bundle.items.ids.take(range(len(bundle.items)))) for bundle in bundles}
        self.store = open_store("sqlite::memory:")
        self.live, self.thread = LiveUsers(self.store), RankThread()
        self.pipeline = Pipeline(self.live, self.thread, ResponseCache(1_000))
        self.taken: dict[str, set[str]] = {}  # by live user
        self._numbers = itertools.count(1)

    def page(self, request: api.RecommendRequest) -> api.RecommendResponse:
        query = validate.recommend(request, PLACEMENTS)
        pending = PendingRequest(query, RequestContext())
        self.pipeline.recommend(self.serving, [pending], Run())
        return convert.recommend_response(1 << 24, self.serving, query, pending.result())

    def allowed(self, request: api.RecommendRequest) -> set[str]:
        """What the request allows now, without a look at what pages have shown."""
        left = self.ids[self.serving.version] - set(request.excluded_item_ids)
        if request.HasField("filter"):
            passing = self.serving.filters.passing(validate.recommend(request, PLACEMENTS).filter).items
            left &= set(self.serving.items.ids.take(np.flatnonzero(passing)))
        if request.seen_items_policy == DROP:
            rows = self.serving.histories.queries([request.user_id]).seen()[0]
            left -= set(self.serving.items.ids.take(rows)) | self.taken.get(request.user_id, set())
            left -= {event.item_id for event in request.context_events}
        return left

    def take(self, user_id: str, item_id: str) -> None:
        number = next(self._numbers)
        self.store.append([Event(f"e{number}", user_id, item_id, fakes.AS_OF + number, EventType.CLICK)])
        self.taken.setdefault(user_id, set()).add(item_id)

    def write(self, item_id: str) -> None:
        self._change(item_id, CatalogItem(item_id, title=f"Item {item_id}", categories=("new",)))
        for ids in self.ids.values():
            ids.add(item_id)

    def delete(self, item_id: str) -> None:
        self._change(item_id, None)
        for ids in self.ids.values():
            ids.discard(item_id)

    def _change(self, item_id: str, item: CatalogItem | None) -> None:
        change = CatalogChange(number := next(self._numbers), item_id, item, fakes.AS_OF + number)
        for bundle in self.bundles:
            bundle.apply_changes([change])

    def close(self) -> None:
        self.live.close()
        self.thread.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch:  # making a ranker takes ten seconds, and the fake one serves
        patch.setattr(synthetic, "ranker", lambda *_: SimpleNamespace(write=lambda _: None))
        loaded = [_loaded(tmp_path_factory.mktemp("bundles"), items) for items in SIZES]
    shop = Shop(loaded)
    yield shop
    shop.close()


def _loaded(folder: Path, items: int) -> LoadedBundle:
    synthetic.publish(folder, items, USERS, 1, lambda _: None)
    bundle = BundleStore(folder).load()
    retriever = Retriever.load(bundle, NewItems.load(bundle, len(NEW) + SIZES[1]))
    return LoadedBundle.assemble(bundle, retriever, fakes.Ranker(), 1)


def _request(shop: Shop, draw: np.random.Generator, user_id: str) -> api.RecommendRequest:
    every = sorted(shop.ids[shop.serving.version])
    request = api.RecommendRequest(
        user_id=user_id,
        count=int(draw.choice([1, 3, 10, 20, 50])),
        candidate_count=int(draw.choice([0, 5, 30])),
        seen_items_policy=draw.choice([DROP, KEEP]),
        diversity=float(draw.choice([0, 0, 0.5])),
        placement=str(draw.choice(["", "", "home"])),
        excluded_item_ids=draw.choice(every, draw.integers(0, 5), replace=False).tolist(),
    )
    if draw.random() < 0.3:
        categories = shop.serving.bundled.category_names
        request.filter.CopyFrom(Filter(included_categories=[*draw.choice(categories, 2).tolist(), "new"]))
    return request


def _something_happens(shop: Shop, draw: np.random.Generator, request: api.RecommendRequest) -> None:
    every = sorted(shop.ids[shop.serving.version])
    match draw.integers(0, 7):
        case 0:
            shop.write(str(draw.choice(NEW)))
        case 1:
            shop.write(str(draw.choice(every)))
        case 2 if len(every) > 30:
            shop.delete(str(draw.choice(every)))
        case 3:
            shop.serving = shop.bundles[draw.integers(0, 2)]
        case 4 if request.user_id.startswith("walker"):
            shop.take(request.user_id, str(draw.choice(every)))
        case 5:
            request.context_events.append(ContextEvent(item_id=str(draw.choice(every))))
        case 6:
            request.count = int(draw.integers(1, 60))


def _walk(shop: Shop, seed: int) -> int:
    """Go through all pages of one list; how many there were."""
    draw = np.random.default_rng(seed)
    user_id = str(draw.choice(["", f"walker{seed}", f"u{draw.integers(0, USERS):07d}"]))
    request, shown = _request(shop, draw, user_id), list[str]()
    for number in itertools.count(1):
        allowed, page = shop.allowed(request), shop.page(request)
        items = [item.item_id for item in page.items]
        assert set(items) <= allowed, f"walk {seed}, page {number}: what the rules do not allow"
        shown += items
        assert len(shown) == len(set(shown)), f"walk {seed}, page {number}: an item twice"
        assert not page.degraded
        if not page.next_page_token:
            assert allowed <= set(shown), f"walk {seed}, page {number}: {allowed - set(shown)} lost"
            return number
        full = len(items) == request.count or (request.placement and items)  # caps may leave a page short
        assert full, f"walk {seed}, page {number}: not full, and goes on"
        request.page_token = page.next_page_token
        if draw.random() < 0.5:
            _something_happens(shop, draw, request)
    raise AssertionError


def test_walks_show_every_item_once(shop: Shop) -> None:
    assert sum(_walk(shop, seed) for seed in range(50)) > 200


@pytest.mark.slow
@pytest.mark.parametrize("thousand", range(1, 11))
def test_ten_thousand_walks_show_every_item_once(shop: Shop, thousand: int) -> None:
    assert sum(_walk(shop, seed) for seed in range(1_000 * thousand, 1_000 * (thousand + 1))) > 4_000


def test_who_shares_a_batch_changes_no_page(shop: Shop) -> None:
    """The one request is short of candidates and gets others of the catalogue; the other one is not."""
    late = api.RecommendRequest(count=20)
    while len(shop.allowed(late)) and (token := shop.page(late).next_page_token):
        early, late.page_token = late.page_token, token
    late.page_token = early
    queries = [validate.recommend(api.RecommendRequest(user_id="u0000001", count=20)), validate.recommend(late)]
    together, alone = ([PendingRequest(query, RequestContext()) for query in queries] for _ in range(2))
    pipeline = Pipeline(shop.live, shop.thread)
    pipeline.recommend(shop.serving, together, Run())
    for request, same in zip(alone, together, strict=True):
        pipeline.recommend(shop.serving, [request], Run())
        assert request.result().items.tolist() == same.result().items.tolist()
        assert len(request.result().items)


def test_the_trace_counts_what_earlier_pages_showed(shop: Shop) -> None:
    request = api.RecommendRequest(count=10, include_trace=True)
    request.page_token = shop.page(request).next_page_token
    stages: dict[Any, Any] = {stage.stage: stage for stage in shop.page(request).trace}
    for stage in stages.values():
        assert stage.entered_count == stage.left_count + sum(drop.count for drop in stage.drops) or stage.stage == 1
    drops = {drop.reason: drop.count for drop in stages[2].drops}
    assert drops[8] == 10


def test_what_is_pinned_is_shown_once(shop: Shop) -> None:
    request, pinned = api.RecommendRequest(count=6, placement="home"), "i00000007"
    shop.write(pinned)
    pages = []
    for _ in range(2):
        page = shop.page(request)
        pages.append([item.item_id for item in page.items])
        request.page_token = page.next_page_token
    assert pages[0].index(pinned) in (1, 2, 3)
    assert pinned not in pages[1] and pages[1]
