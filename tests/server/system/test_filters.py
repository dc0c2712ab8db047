"""Conditions of a filter: each against a plain reading of it, item by item, whatever was written before."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_bundle import BundleStore
from shortlist_bundle.items import ItemTable, write_items
from shortlist_bundle.live_items import LiveItems
from shortlist_core.catalog import CatalogItem
from shortlist_core.spans import Span
from shortlist_core.types import SECOND
from shortlist_server.rpc.conditions import READERS
from shortlist_server.system.conditions.attribute import HasAttribute, NumberWithin, TimeWithin
from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.conditions.lists import AllOf, AnyOf, NoneOf
from shortlist_server.system.conditions.offer import AgeWithin, Available, PriceWithin
from shortlist_server.system.filters import Filter, Filters
from shortlist_server.system.loaded_bundle import LoadedBundle

NOW = 1_700_000_040  # the begin of a minute
SPARE = 8

words = st.sampled_from(
    ["red", "blue", "red|steel", "a\nblue", "12.5", "-3", "7", "2026-11-30", "2026-12-01T08:00+01:00"]
)
attributes = st.lists(st.tuples(st.sampled_from(["colour", "size"]), words), max_size=4).map(tuple)
moments = st.none() | st.integers(NOW - 500, NOW + 100).map(lambda second: second * SECOND)
categories = st.lists(st.sampled_from(["tea", "mugs", "pots"]), max_size=2, unique=True).map(tuple)
prices = st.none() | st.sampled_from([0.0, 0.1, 19.99, 20.0, 1e300])
numbers = st.sampled_from([-math.inf, -3.0, 0.1, 7.0, 12.5, 19.99, 20.0, math.inf])
spans = st.builds(Span, numbers, numbers, st.booleans(), st.booleans())


def items(ids: str) -> st.SearchStrategy[CatalogItem]:
    return st.builds(
        CatalogItem,
        st.sampled_from(ids),
        categories=categories,
        price=prices,
        attributes=attributes,
        available=st.booleans(),
        release_time=moments,
    )


def micros(text: str) -> int:
    time = datetime.fromisoformat(text if "T" in text else f"{text}T00:00+00:00")
    return round(time.timestamp()) * SECOND


times = st.sampled_from([micros("2026-11-30"), micros("2026-12-01"), micros("2026-12-01T07:00+00:00")])
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(IncludedCategories, st.lists(st.sampled_from(["tea", "mugs", "none"]), min_size=1).map(tuple)),
    st.builds(ExcludedCategories, st.lists(st.sampled_from(["tea", "mugs", "none"]), min_size=1).map(tuple)),
    st.builds(
        HasAttribute,
        st.sampled_from(["colour", "size", "none"]),
        st.lists(st.sampled_from(["red", "steel", "7", "red|steel", "none"]), max_size=2).map(tuple),
    ),
    st.builds(NumberWithin, st.sampled_from(["colour", "size"]), spans),
    st.builds(
        TimeWithin, st.sampled_from(["colour", "size"]), st.builds(Span, times, times, with_upper=st.just(False))
    ),
    st.builds(PriceWithin, spans),
    st.builds(Available, st.booleans()),
    st.builds(
        AgeWithin, st.builds(Span, st.sampled_from([-math.inf, 0, 60, 100]), st.sampled_from([100, 400, math.inf]))
    ),
)
conditions = st.recursive(
    leaves, lambda inner: st.builds(lambda kind, of: kind(tuple(of)), st.sampled_from([AllOf, AnyOf, NoneOf]),
                                    st.lists(inner, min_size=1, max_size=3)), max_leaves=6,
)  # fmt: skip


def within(number: float, span: Span) -> bool:
    above = number > span.lower or (span.with_lower and number == span.lower)
    return above and (number < span.upper or (span.with_upper and number == span.upper))


def says(condition: Condition, item: CatalogItem) -> bool:
    """What a condition says of one item, as its documentation reads."""
    match condition:
        case AllOf(inner):
            return all(says(each, item) for each in inner)
        case AnyOf(inner):
            return any(says(each, item) for each in inner)
        case NoneOf(inner):
            return not any(says(each, item) for each in inner)
        case IncludedCategories(names):
            return bool(set(names) & set(item.categories))
        case ExcludedCategories(names):
            return not set(names) & set(item.categories)
        case PriceWithin(span):
            rounded = Span(
                float(np.float32(span.lower)), float(np.float32(span.upper)), span.with_lower, span.with_upper
            )
            return item.price is not None and within(float(np.float32(min(item.price, 3.4028234e38))), rounded)
        case Available(wanted):
            return item.available == wanted
        case AgeWithin(span):
            return item.release_time is not None and within(NOW - item.release_time // SECOND, span)
        case HasAttribute(key, values):
            return any(own == key and (not values or part in values) for own, part in parts(item))
        case NumberWithin(key, span):
            found = [part for own, part in parts(item) if own == key and part in ("12.5", "-3", "7")]
            return any(within(float(part), span) for part in found)
        case TimeWithin(key, span):
            found = [part for own, part in parts(item) if own == key and part.startswith("2026")]
            return any(within(micros(part), span) for part in found)
    raise AssertionError(condition)


def parts(item: CatalogItem) -> list[tuple[str, str]]:
    return [(key, part) for key, value in item.attributes for part in value.replace("|", "\n").split("\n")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("filters")


def published(folder: Path, items: list[CatalogItem]) -> LiveItems:
    store = BundleStore(folder)
    with store.writer() as writer:
        ids = [item.item_id for item in items]
        write_items(
            writer,
            ids,
            ids,
            [item.categories for item in items],
            np.array([np.nan if item.price is None else min(item.price, 3.4e38) for item in items], np.float32),
            available=np.array([item.available for item in items], np.bool_),
            released=np.array([(item.release_time or 0) // SECOND for item in items], np.uint32),
            attributes=[item.attributes for item in items],
        )
        writer.publish(as_of_micros=0, seed=0, settings={}, metrics={}, activate=True)
    return LiveItems(ItemTable.load(store.load()), SPARE)


def write(items: LiveItems, filters: Filters, written: CatalogItem) -> None:
    rows = items.rows_for([written.item_id])
    items.put(rows, [written])
    filters.refresh(rows)


@settings(max_examples=60, deadline=None)
@given(
    first=st.lists(items("abcdef"), min_size=1, unique_by=lambda item: item.item_id),
    then=st.lists(items("abcdefuvw") | st.sampled_from("abcdefu"), max_size=6),
    asked=st.lists(conditions, min_size=1, max_size=4),
)
def test_what_passes_is_what_the_conditions_say_of_each_item(
    folder: Path, first: list[CatalogItem], then: list[CatalogItem | str], asked: list[Condition]
) -> None:
    """Asked at once and kept, or asked afterwards alone; items are changed, added and deleted in between."""
    live = published(folder, first)
    known = {item.item_id: item for item in first}
    kept = Filters(live, clock=lambda: NOW + 59.9)
    wanted = [Filter((condition,)) for condition in asked]
    for filter in wanted:
        kept.allowed(filter)
    for change in then:
        if isinstance(change, str):
            kept.refresh(live.delete([change]))
            known.pop(change, None)
            continue
        write(live, kept, change)
        before = next((item for item in first if item.item_id == change.item_id), None)
        if change.release_time is None and before is not None:  # a bundle's release time holds unless another is said
            change = CatalogItem(**{**fields(change), "release_time": before.release_time})
        known[change.item_id] = change
    for filter in wanted:
        expected = {item_id for item_id, item in known.items() if all(says(each, item) for each in filter.conditions)}
        for filters in (kept, Filters(live, clock=lambda: NOW)):
            allowed = filters.allowed(filter)
            assert allowed is not None
            assert set(live.ids.take(np.flatnonzero(allowed.items))) == expected
            assert allowed.ruled_out == len(known) - len(expected)


def fields(item: CatalogItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def test_a_price_is_as_large_as_the_bound_that_reads_the_same(folder: Path) -> None:
    """19.99 has no exact binary number, and 32 bits hold another one than 64."""
    live = published(folder, [CatalogItem("a", price=19.99)])
    for span, passes in [(Span(lower=19.99), True), (Span(upper=19.99), True), (Span(19.99, with_lower=False), False)]:
        assert bool(PriceWithin(span).met(live.facts, 0)[0]) is passes


def test_an_item_grows_older_by_whole_minutes(folder: Path) -> None:
    live = published(folder, [CatalogItem("a", release_time=NOW * SECOND)])
    clock = [float(NOW)]
    filters, old = Filters(live, clock=lambda: clock[0]), Filter((AgeWithin(Span(lower=60)),))

    def passes() -> bool:
        allowed = filters.allowed(old)
        return allowed is not None and bool(allowed.items[0])

    assert not passes()
    clock[0] += 59.9
    assert not passes()
    clock[0] += 0.2
    assert passes()


def test_a_bundle_of_before_has_items_of_which_nothing_is_known(folder: Path) -> None:
    store = BundleStore(folder)
    with store.writer() as writer:
        write_items(writer, ["a"], ["A"], [["tea"]], np.array([1], np.float32))
        for name in ("available", "released"):  # as if they had never been written
            writer._files.pop(f"items/{name}.npy").unlink()
        writer.publish(as_of_micros=0, seed=0, settings={}, metrics={}, activate=True)
    facts = LiveItems(ItemTable.load(store.load()), 1).facts
    asked = [Available(True), AgeWithin(Span(lower=0)), HasAttribute("colour", ()), PriceWithin(Span(lower=0))]
    assert [bool(condition.met(facts, NOW)[0]) for condition in asked] == [True, False, False, True]


def test_one_thread_asks_while_another_is_told_of_items(system: LoadedBundle) -> None:
    """More filters than are remembered, as a shadow's thread asks for them while the catalogue changes."""
    filters = [Filter((IncludedCategories((f"category {number}",)),)) for number in range(60)]
    rows, stop = np.arange(5, dtype=np.int32), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for filter in filters:
                assert system.filters.allowed(filter) is not None

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            for _ in range(500):
                system.filters.refresh(rows)
        finally:
            stop.set()
        asking.result()
    assert all(system.filters.allowed(filter) for filter in filters)


HOW_TO = Path(__file__).parents[3] / "docs/how-to/add-a-filter-condition.md"


def made_by_the_page(folder: Path) -> type[Condition]:
    """The class in the page's file, loaded as the page says."""
    name = re.search(r"Create `server/shortlist_server/system/conditions/(\w+\.py)`", HOW_TO.read_text())
    code = re.search(r"```python\n(\"\"\".*?)```", HOW_TO.read_text(), re.DOTALL)
    assert name and code
    path = folder / name[1]
    path.write_text(code[1])
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where dataclasses look their annotations up
    spec.loader.exec_module(module)
    return next(each for each in vars(module).values() if isinstance(each, type) and each.__module__ == path.stem)


def test_a_condition_is_one_class_and_one_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page says: the line is that of the page, and reads a message that has no more than the new field."""
    condition = made_by_the_page(tmp_path)
    line = re.search(r"```text\n\s+(\"\w+\": .*),\n```", HOW_TO.read_text())
    assert line
    added = eval(f"{{{line[1]}}}", {condition.__name__: condition})
    monkeypatch.setattr("shortlist_server.rpc.conditions.READERS", {**READERS, **added})
    [(field, read)] = added.items()
    live = published(folder, [CatalogItem("a", price=1), CatalogItem("b")])
    filters, known, unknown = Filters(live), *(Filter((read(None, wanted),)) for wanted in (True, False))

    def passing(filter: Filter) -> list[str]:
        allowed = filters.allowed(filter)
        assert allowed is not None
        return live.ids.take(np.flatnonzero(allowed.items))

    assert (field, passing(known), passing(unknown)) == ("priced", ["a"], ["b"])
    write(live, filters, CatalogItem("b", price=2))
    assert (passing(known), passing(unknown)) == (["a", "b"], [])
