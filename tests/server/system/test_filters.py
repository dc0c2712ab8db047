"""Conditions of a filter: each against what it says of single items, and a new one made by the how-to page alone."""

from __future__ import annotations

import importlib.util
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import InvalidArgumentError
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.rpc.checks import checked
from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.conditions.registry import CONDITIONS
from shortlist_server.system.filters import Filter
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore

HOW_TO = Path(__file__).parents[3] / "docs/how-to/add-a-filter-condition.md"


@pytest.mark.parametrize("condition", [IncludedCategories(("tea",)), ExcludedCategories(("coffee", "tea"))], ids=str)
def test_the_mask_of_the_catalogue_says_what_is_said_of_each_item(system: LoadedBundle, condition: Condition) -> None:
    system.apply_changes([CatalogChange(1, "i0", CatalogItem("i0", "Pot", categories=("tea", "mugs")), 0)])
    mask, rows = condition.mask(system.items), range(system.items.rows_used)
    assert mask[: system.items.rows_used].tolist() == [condition.is_met(system.items, row) for row in rows]
    assert 0 < np.count_nonzero(mask[: system.items.rows_used]) < system.items.rows_used


def test_every_condition_has_its_field_in_the_api() -> None:
    from shortlist.v1.filter_pb2 import Filter as Message

    assert {condition.field for condition in CONDITIONS} == {field.name for field in Message.DESCRIPTOR.fields}


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
    spec.loader.exec_module(module)
    line = re.search(r"add it to `CONDITIONS`:\n\n```text\n\s+(\w+),\n```", HOW_TO.read_text())
    assert line
    return getattr(module, line[1])


def test_a_condition_is_one_file_and_one_line(
    system: LoadedBundle, store: StateStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = made_by_the_page(tmp_path)
    monkeypatch.setattr("shortlist_server.rpc.checks.CONDITIONS", [*CONDITIONS, condition])

    def asked(*words: str) -> Filter:
        fields: dict[str, Any] = {kind.field: [] for kind in CONDITIONS} | {condition.field: words}
        return checked(lambda check: check.filter(SimpleNamespace(**fields)))  # type: ignore[arg-type]

    def answer(filter: Filter) -> list[str]:
        request = PendingRequest(Query(count=500, candidate_count=500, filter=filter), RequestContext())
        Pipeline(live, thread).recommend(system, [request], Run())
        return sorted(system.items.ids.take(request.result().items))

    live, thread = LiveUsers(store), RankThread()
    try:
        assert answer(asked("7", "9")) == ["i7", "i9"]
        system.apply_changes([CatalogChange(1, "i3", CatalogItem("i3", "Lucky 7"), 0)])
        assert answer(asked("7")) == ["i3", "i7"]
        assert len(answer(asked())) == len(system.items)
        with pytest.raises(InvalidArgumentError) as refused:
            asked(*["w"] * 101)
        assert [violation.field for violation in refused.value.violations] == [f"filter.{condition.field}"]
    finally:
        thread.close()
        live.close()


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
