"""`shortlist catalog` against a running server's service, faked, as the command line sees it."""

from __future__ import annotations

import io
import json
import sys
from functools import partial
from pathlib import Path

import grpc
import polars as pl
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from listening import listening
from shortlist.v1 import catalog_service_pb2 as api
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceServicer, add_CatalogServiceServicer_to_server

from shortlist_bundle import BundleStore
from shortlist_bundle.manifest import CATALOG_SEQUENCES
from shortlist_cli import main
from shortlist_core.catalog import CatalogItem
from shortlist_data.dataset import Dataset
from shortlist_state import open_store


class Service(CatalogServiceServicer):
    def __init__(self) -> None:
        self.items: dict[str, api.ItemInput] = {}
        self.sizes: list[int] = []

    def UpsertItems(self, request, context):
        bad = [i for i, item in enumerate(request.items) if item.title == "Refused"]
        if bad:
            details = error_details_pb2.BadRequest()
            for i in bad:
                details.field_violations.add(field=f"items[{i}].title", description="must be another")
            status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="bad")
            status.details.add().Pack(details)
            context.abort_with_status(rpc_status.to_status(status))
        self.sizes.append(len(request.items))
        self.items |= {item.item_id: item for item in request.items}
        return api.UpsertItemsResponse(created_count=len(request.items) - 1, updated_count=1, revision=9)

    def DeleteItems(self, request, context):
        return api.DeleteItemsResponse(deleted_count=len(request.item_ids) - 1, revision=10)

    def GetItem(self, request, context):
        if request.item_id == "none":
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no item 'none'")
        return api.GetItemResponse(item=api.Item(item_id=request.item_id, title="Tea ☕", price=0, origin=1))

    def ListItems(self, request, context):
        number = int(request.page_token or 0)
        item = api.Item(item_id=f"i{number}", title="Tea ☕", categories=["a", "b"])
        return api.ListItemsResponse(items=[item], next_page_token=str(number + 1) if number < 4 else "")


@pytest.fixture
def service():
    servicer = Service()
    with listening(partial(add_CatalogServiceServicer_to_server, servicer)) as servicer.address:
        yield servicer


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["shortlist", "catalog", *arguments])
        with pytest.raises(SystemExit) as exit:
            main.run()
        output = capsys.readouterr()
        return exit.value.code or 0, output.out, output.err

    return run


@pytest.fixture
def shortlist(run, service):
    return lambda *arguments: run(*arguments, "--address", service.address)


def lines(*rows: object) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def test_items_of_json_lines_are_written_in_batches(shortlist, service, tmp_path: Path) -> None:
    full = {
        "item_id": "full",
        "title": "Tea",
        "text": "Leaves",
        "categories": ["a", "b"],
        "price": 0,
        "attributes": {"leaf": "whole", "from": ["India", "Nepal"]},
        "embedding": [1, 0.5],
    }
    rows = [full, *({"item_id": f"i{number}"} for number in range(1_500))]
    (tmp_path / "items.jsonl").write_text(lines(*rows))
    code, out, _ = shortlist("upsert", str(tmp_path / "items.jsonl"))
    assert (code, out) == (0, "1,499 new, 2 replaced\n")
    assert service.sizes == [1_000, 501]
    wanted = api.ItemInput(item_id="full", title="Tea", text="Leaves", categories=["a", "b"], price=0)
    wanted.embedding.extend([1, 0.5])
    wanted.attributes.add(key="leaf", value="whole")
    wanted.attributes.add(key="from", value="India\nNepal")
    assert service.items["full"] == wanted
    assert not service.items["i1"].HasField("price")


def test_parquet_csv_and_standard_input_do_as_well(shortlist, service, tmp_path: Path, monkeypatch) -> None:
    frame = pl.DataFrame({"item_id": ["p", "q"], "categories": [["x"], []], "price": [2.99, None]})
    frame.write_parquet(tmp_path / "items.parquet")
    assert shortlist("upsert", str(tmp_path / "items.parquet"))[0] == 0
    (tmp_path / "items.csv").write_text("item_id,title,categories,attributes.leaf\nc,Tea,x|y,whole\n")
    assert shortlist("upsert", str(tmp_path / "items.csv"))[0] == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines({"item_id": "s"}).encode())))
    assert shortlist("upsert", "-")[0] == 0
    assert list(service.items) == ["p", "q", "c", "s"]
    assert list(service.items["c"].categories) == ["x", "y"]
    assert [(pair.key, pair.value) for pair in service.items["c"].attributes] == [("leaf", "whole")]
    assert (service.items["p"].price, service.items["q"].HasField("price")) == (2.99, False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            lines({"item_id": "a"}, "{broken", {"item_id": "", "title": "x"}),
            ("line 2: invalid JSON", "line 3: missing"),
        ),
        (lines({"item_id": "a", "price": "dear"}), ("line 1: price is no number",)),
        (lines({"item_id": "a", "title": "t" * 1_001}), ("line 1: title of more than 1,000 characters",)),
        (lines({"item_id": "a"}, "", {"item_id": "a", "title": "b"}), ("line 3: repeated item_id",)),
        (lines({"id": "a"}), ("no column 'id'", "item_id")),
        (lines({"title": "a"}), ("'item_id' is missing",)),
        ("", ("empty",)),
    ],
)
def test_a_file_with_mistakes_writes_nothing_and_names_them(
    shortlist, service, tmp_path: Path, content: str, says: tuple[str, ...]
) -> None:
    (tmp_path / "items.jsonl").write_text(content)
    code, _, err = shortlist("upsert", str(tmp_path / "items.jsonl"))
    assert code == 2
    for each in says:
        assert each in err
    assert service.items == {}


def test_what_the_server_refuses_is_named_by_its_line(shortlist, service, tmp_path: Path) -> None:
    rows = [{"item_id": f"i{number}"} for number in range(1_010)]
    rows[1_005]["title"] = "Refused"
    (tmp_path / "items.jsonl").write_text("\n" + lines(*rows))
    code, _, err = shortlist("upsert", str(tmp_path / "items.jsonl"))
    assert code == 2
    assert "line 1007: title must be another" in err
    assert "; 1,000 items before line 1002 are written" in err


def test_a_file_that_is_not_there(shortlist) -> None:
    code, _, err = shortlist("upsert", "nowhere.jsonl")
    assert (code, "nowhere.jsonl: there is no such file" in err) == (2, True)


def test_items_are_deleted_and_shown(shortlist) -> None:
    assert shortlist("delete", "a", "b", "c")[1] == "2 deleted, 1 did not exist\n"
    code, out, _ = shortlist("get", "i1", "--json")
    assert (code, json.loads(out)["title"]) == (0, "Tea ☕")
    assert "Tea ☕" in shortlist("get", "i1")[1]
    code, _, err = shortlist("get", "none")
    assert (code, "there is no item 'none'" in err) == (1, True)


def test_items_are_listed_over_all_pages(shortlist) -> None:
    out = shortlist("list", "--json", "--count", "0")[1]
    assert [json.loads(line)["item_id"] for line in out.splitlines()] == ["i0", "i1", "i2", "i3", "i4"]
    assert len(shortlist("list", "--json", "--count", "2")[1].splitlines()) == 2
    assert "a, b" in shortlist("list")[1]


def test_a_store_is_compacted(run, tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.db'}"
    store = open_store(url)
    store.catalog.upsert([CatalogItem("new", "Tea")])
    events = pl.DataFrame({"user_id": ["u"], "item_id": ["i"], "timestamp": [0]}).cast({"timestamp": pl.Datetime("us")})
    Dataset.of(events).write(tmp_path / "data")
    bundles = BundleStore(tmp_path / "bundles")
    bundles.directory.mkdir()
    arguments = ("compact", "--data", str(tmp_path / "data"), "--state", url, "--bundles", str(tmp_path / "bundles"))
    assert "kept 1 items and 0 deletions" in run(*arguments)[1]
    with bundles.writer() as writer:
        writer.ids("items/ids", ["i", "new"])
        settings = {CATALOG_SEQUENCES: {store.catalog.identity: store.catalog.position()}}
        writer.publish(as_of_micros=1, seed=1, settings=settings, metrics={})
    code, out, _ = run(*arguments)
    assert code == 0
    assert "dropped 1 items and 0 deletions" in out
    assert Dataset.read(tmp_path / "data").items["title"].to_list() == ["", "Tea"]
    assert store.catalog.count() == 0
    store.close()
    code, _, err = run("compact", "--data", str(tmp_path / "data"), "--state", f"sqlite:{tmp_path}/typo.db")
    assert (code, "no such file" in err) == (2, True)
