"""Every command that prints a table: at most 80 columns with numbers whole, and with `--json` one document alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from listening import listening
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceServicer, add_BundleServiceServicer_to_server
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceServicer, add_CatalogServiceServicer_to_server
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceServicer, add_PlacementServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer, add_UserServiceServicer_to_server

from shortlist_bundle import BundleStore
from shortlist_cli import main
from shortlist_cli.main import app

REFERENCE = (Path(__file__).parents[2] / "docs/reference/output.md").read_text(encoding="utf-8")
LONG = "i" * 128
TITLE = "Blue felt minimal scarf " * 3
HITS = [parts.SourceHit(name=name, rank=123, score=0.5) for name in ("two_tower", "item_item_recent", "als", "text")]
WHY = parts.Reason(text="Because you bought Red ceramic Bauhaus tea pot with a lid: often chosen together.")
VERSION = "20261122-154250-1f3a9c"
IMPORTERS = {f"data import {name}" for name in ("amazon", "mind", "movielens", "online-retail")}
ELSEWHERE = {"train", "retrain", "evaluate", "demo"} | IMPORTERS
"""Commands of which other tests of this folder look at the tables, and importers that print what `table` prints."""


class Service(
    RecommendationServiceServicer,
    CatalogServiceServicer,
    UserServiceServicer,
    BundleServiceServicer,
    PlacementServiceServicer,
):
    def Recommend(self, request: Any, context: Any) -> Any:
        of_all = {"title": TITLE, "score": 0.01234, "sources": HITS, "reason": WHY}
        items = [parts.RecommendedItem(item_id=item_id, **of_all) for item_id in ("i000580", LONG)]
        for item in items:
            item.action_probabilities.add(action=4, probability=0.25)
        drops = [parts.Drop(reason=reason, count=12_345_678) for reason in range(1, 9)]
        stages = range(1, 6) if request.include_trace else ()
        trace = [parts.StageTrace(stage=s, entered_count=10_000_000, drops=drops, duration_micros=1234) for s in stages]
        token = "t" if len(request.page_token) < 1 else ""
        return api.RecommendResponse(items=items, trace=trace, bundle_version=VERSION, next_page_token=token)

    def Retrieve(self, request: Any, context: Any) -> Any:
        return api.RetrieveResponse(items=self._scored())

    def Rank(self, request: Any, context: Any) -> Any:
        return api.RankResponse(items=self._scored(), unknown_item_ids=["i4"])

    def SimilarItems(self, request: Any, context: Any) -> Any:
        return api.SimilarItemsResponse(items=self._scored())

    def GetItem(self, request: Any, context: Any) -> Any:
        return catalog_api.GetItemResponse(item=self._item())

    def ListItems(self, request: Any, context: Any) -> Any:
        return catalog_api.ListItemsResponse(items=[self._item()])

    def GetUser(self, request: Any, context: Any) -> Any:
        return user_api.GetUserResponse(bundle_version=VERSION, live_event_count=1_234_567)

    def GetServingBundle(self, request: Any, context: Any) -> Any:
        return bundle_api.GetServingBundleResponse(serving=self._serving())

    def ActivateBundle(self, request: Any, context: Any) -> Any:
        return bundle_api.ActivateBundleResponse(serving=self._serving())

    def RollbackBundle(self, request: Any, context: Any) -> Any:
        return bundle_api.RollbackBundleResponse(serving=self._serving())

    def ListPlacements(self, request: Any, context: Any) -> Any:
        rules = [{"name": "r" * 60, "bury": {}}] * 3
        return placement_api.ListPlacementsResponse(placements=[{"name": LONG, "count": 500, "rules": rules}])

    def _scored(self) -> list[parts.ScoredItem]:
        return [parts.ScoredItem(item_id=LONG, title=TITLE, score=-1.5, sources=HITS)]

    def _item(self) -> catalog_api.Item:
        return catalog_api.Item(
            item_id=LONG, title="T" * 200, text="text " * 50, categories=["c" * 60] * 3, price=12345.5
        )

    def _serving(self) -> bundle_api.ServingState:
        shadow = bundle_api.ShadowState(bundle_version=VERSION, compared_count=1_000_000)
        canary = bundle_api.CanaryState(bundle_version=VERSION, user_share=0.05)
        return bundle_api.ServingState(stable_bundle_version=VERSION, canary=canary, shadow=shadow)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    service = Service()
    adding = (
        add_RecommendationServiceServicer_to_server,
        add_CatalogServiceServicer_to_server,
        add_UserServiceServicer_to_server,
        add_BundleServiceServicer_to_server,
        add_PlacementServiceServicer_to_server,
    )
    with listening(*(partial(add, service) for add in adding)) as at:
        yield at


@pytest.fixture
def places(tmp_path: Path, address: str) -> dict[str, str]:
    """A folder of two bundles, one of them damaged, and tables of a small shop."""
    store = BundleStore(tmp_path / "bundles")
    for seed in range(2):
        with store.writer() as writer:
            writer.array("items/prices", np.arange(8.0) + seed)
            writer.publish(as_of_micros=seed, seed=seed, settings={}, metrics={"items": 12_345_678, "ndcg": 0.25})
    (store.directory / store.versions()[0] / "manifest.json").write_text("{")
    rows = "".join(f"u{i % 4},i{i % 3},2024-01-{i + 1:02},view\n" for i in range(20))
    (tmp_path / "orders.csv").write_text("user_id,item_id,timestamp,event_type\n" + rows + "u1,i1,soon,view\n")
    (tmp_path / "items.csv").write_text("item_id,title,price\ni1,Mug,cheap\ni2,Tea,2\n")
    return {"server": f"--address {address}", "tmp": str(tmp_path), "bundles": f"--bundles {store.directory}"}


@pytest.fixture
def shortlist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str, str]]:
    monkeypatch.setenv("COLUMNS", "80")

    def run(command: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main.run()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


IMPORT = "data import table --interactions {tmp}/orders.csv --items {tmp}/items.csv --out {tmp}/data"
TABLES = {
    "call recommend {server} --user u --trace": ["10,000,000", "0.01234", "1.23"],
    "call recommend {server} --user u --pages 2": ["0.01234"],
    "call retrieve {server}": ["-1.5"],
    "call rank {server} --item i1": ["-1.5"],
    "call similar {server} --item i1": ["-1.5"],
    "catalog get i1 {server}": ["12345.5"],
    "catalog list {server}": ["12345.5"],
    "placement list {server}": ["500"],
    "user show --user u {server}": ["1,234,567"],
    "bundle list {bundles}": ["12,345,678"],
    "bundle show {bundles}": ["12,345,678", "0.2500"],
    "bundle show {server}": [VERSION],
    f"bundle activate {VERSION} {{server}}": [VERSION],
    "bundle rollback {server}": [VERSION],
    IMPORT + " --max-rejects 1": ["20"],
    "data show {tmp}/data": ["20"],
    "config show": ["127.0.0.1:50051", "default"],
    "doctor {bundles}": ["bundle age"],
}
"""Each command, and what has to stand whole on one line of its tables."""


@pytest.mark.parametrize("command", TABLES)
def test_tables_fit_80_columns_and_json_is_one_document(shortlist: Any, places: dict[str, str], command: str) -> None:
    if command.startswith("data show"):
        assert shortlist(f"{IMPORT} --max-rejects 1".format(**places))[0] == 0
    code, out, errors = shortlist(command.format(**places))
    assert (code, errors) == (0, "")
    lines = [line for line in out.splitlines() if line[:1] in "│┃┏┡├└"]
    assert lines and max(map(len, lines)) <= 80
    for whole in TABLES[command]:
        assert any(whole in line for line in lines)
    code, out, errors = shortlist(f"{command} --json".format(**places))
    assert (code, errors) == (0, "")
    document = json.loads(out)
    if "{server}" not in command:  # otherwise it is a message of the API
        assert [key for key in document if f"`{key}`" not in REFERENCE] == []
    assert isinstance(document, dict) and all(key == key.lower() for key in document)


def _commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        command = command.load() if hasattr(command, "load") else command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_every_command_with_json_is_looked_at() -> None:
    with_json = {path for path, command in _commands(typer.main.get_group(app)) if _has_json(command)}
    looked_at = {path for path in with_json for command in TABLES if command.startswith(path)}
    assert with_json - looked_at == ELSEWHERE


def _has_json(command: Any) -> bool:
    return any("--json" in parameter.opts for parameter in command.params)
