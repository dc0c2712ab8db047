"""CatalogService: what callers write, read and list."""

from __future__ import annotations

import asyncio
import io

import pytest
import server_fakes as fakes
from conftest import Start
from PIL import Image
from server_wire import Running, failure
from shortlist.v1 import catalog_service_pb2 as api
from shortlist.v1.catalog_service_pb2 import Item, ItemAttribute, ItemInput

from shortlist_core.errors import StateError
from shortlist_core.pictures import pixels_of

LIVE, BUNDLE = api.ITEM_ORIGIN_LIVE, api.ITEM_ORIGIN_BUNDLE
FULL = ItemInput(
    item_id="new",
    title="New tea",
    text="Leaves",
    categories=["tea", "green"],
    price=2.5,
    attributes=[ItemAttribute(key="leaf", value="whole"), ItemAttribute(key="leaf", value="rolled")],
    embedding=[0.5, -2],
)


async def upsert(running: Running, *items: ItemInput | str) -> api.UpsertItemsResponse:
    sent = [item if isinstance(item, ItemInput) else ItemInput(item_id=item) for item in items]
    return await running.catalog.UpsertItems(api.UpsertItemsRequest(items=sent))


async def delete(running: Running, *item_ids: str) -> api.DeleteItemsResponse:
    return await running.catalog.DeleteItems(api.DeleteItemsRequest(item_ids=item_ids))


async def get(running: Running, item_id: str) -> Item:
    return (await running.catalog.GetItem(api.GetItemRequest(item_id=item_id))).item


async def listed(running: Running, page_size: int = 0) -> list[Item]:
    found: list[Item] = []
    token, pages = "", 0
    while token or not pages:
        page = await running.catalog.ListItems(api.ListItemsRequest(page_size=page_size, page_token=token))
        assert len(page.items) <= (page_size or 100)
        found += page.items
        token, pages = page.next_page_token, pages + 1
    return found


async def ids(running: Running, page_size: int = 0) -> list[str]:
    return [item.item_id for item in await listed(running, page_size)]


async def test_a_written_item_is_told_as_it_was_written(running: Running) -> None:
    answer = await upsert(running, FULL, "bare")
    assert (answer.created_count, answer.updated_count) == (2, 0)
    told = await get(running, "new")
    assert (told.title, told.text, list(told.categories), told.price) == ("New tea", "Leaves", ["tea", "green"], 2.5)
    assert [(pair.key, pair.value) for pair in told.attributes] == [("leaf", "whole"), ("leaf", "rolled")]
    assert list(told.embedding) == [0.5, -2]
    assert (told.origin, told.update_time.ToMicroseconds()) == (LIVE, answer.revision - 1)
    assert not (await get(running, "bare")).HasField("price")


async def test_an_item_of_the_bundle_is_told_until_it_is_overridden(running: Running) -> None:
    told = await get(running, "i4")
    assert told == Item(
        item_id="i4", title="Item number 4", categories=["coffee"], price=1.0, origin=BUNDLE, available=True
    )
    answer = await upsert(running, ItemInput(item_id="i4", title="Other"), "new")
    assert (answer.created_count, answer.updated_count) == (1, 1)
    told = await get(running, "i4")
    assert (told.title, list(told.categories), told.HasField("price"), told.origin) == ("Other", [], False, LIVE)


async def test_a_deleted_item_is_gone_until_it_is_written_again(running: Running) -> None:
    first = await upsert(running, "new")
    answer = await delete(running, "new", "i4", "i4", "never")
    assert answer.deleted_count == 2
    assert answer.revision > first.revision
    for item_id in ("new", "i4", "never"):
        got = await failure(get(running, item_id))
        assert (got.code.name, got.info.reason, got.info.metadata["item"]) == ("NOT_FOUND", "ITEM_NOT_FOUND", item_id)
    assert (await delete(running, "new", "i4")).deleted_count == 0
    again = await upsert(running, "new", "i4", "i5")
    assert (again.created_count, again.updated_count) == (2, 1)
    assert (await get(running, "i4")).origin == LIVE


async def test_a_listing_has_every_item_once_whatever_the_pages(running: Running) -> None:
    everything = [f"i{i}" for i in range(fakes.ITEMS)]
    assert await ids(running) == everything
    await upsert(running, "z", "a", "i7", "ä")
    await delete(running, "i3", "a", "i39")
    expected = [item_id for item_id in everything if item_id not in ("i3", "i39")] + ["z", "ä"]
    for size in (0, 1, 2, 7, 39, 40, 41, 1_000):
        assert await ids(running, size) == expected, size
    assert {item.item_id for item in await listed(running) if item.origin == LIVE} == {"z", "i7", "ä"}


async def test_a_page_is_no_larger_than_clients_take(running: Running) -> None:
    await upsert(running, *(ItemInput(item_id=f"long{i:03}", text="\U0001f375" * 10_000) for i in range(120)))
    assert len([item_id for item_id in await ids(running, 1_000) if item_id.startswith("long")]) == 120


async def test_a_page_token_of_somewhere_else_is_refused(running: Running) -> None:
    for token in ("nonsense", "bnVsbA==", "WyJvdGhlciIsIDEsICIiXQ==", "x" * 2_000, "ä"):
        got = await failure(running.catalog.ListItems(api.ListItemsRequest(page_token=token)))
        assert set(got.violations) == {"page_token"}, token


def picture(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 40)).save(file, "PNG")
    return file.getvalue()


async def test_a_picture_is_kept_as_models_read_it(running: Running) -> None:
    await upsert(running, ItemInput(item_id="shown", image=picture(2_000)), ItemInput(item_id="plain"))
    shown, plain = running.store.catalog.get(["shown", "plain"])
    assert shown.item.pixels == pixels_of(picture(50)) and plain.item.pixels == b""


async def test_broken_requests_are_refused_with_every_violation(running: Running) -> None:
    bad = [
        ItemInput(item_id=" ", title="t" * 1_001, text="t" * 10_001, price=float("nan")),
        ItemInput(item_id="b", categories=["", "tea", "tea"], price=-1),
        ItemInput(
            item_id="b", categories=[f"c{i}" for i in range(101)], attributes=[ItemAttribute(key="k", value="v")] * 65
        ),
        ItemInput(item_id="c", attributes=[ItemAttribute(value="v" * 1_001), ItemAttribute(key="k", value=" ")]),
        *(ItemInput(item_id=f"d{i}", embedding=bad) for i, bad in enumerate(([0, 0], [1, float("inf")], [1] * 4_097))),
        *(ItemInput(item_id=f"e{i}", image=bad) for i, bad in enumerate((b"x", picture(64)[:80], bytes(262_145)))),
        ItemInput(item_id="f", image=picture(2_001)),
    ]
    got = await failure(running.catalog.UpsertItems(api.UpsertItemsRequest(items=bad)))
    assert set(got.violations) == {
        "items[0].item_id", "items[0].title", "items[0].text", "items[0].price", "items[1].categories[0]",
        "items[1].categories[2]", "items[1].price", "items[2].item_id", "items[2].categories",
        "items[2].attributes",
        "items[3].attributes[0].key", "items[3].attributes[0].value", "items[3].attributes[1].value",
        *(f"items[{i}].embedding" for i in (4, 5, 6)),
        *(f"items[{i}].image" for i in (7, 8, 9, 10)),
    }  # fmt: skip
    assert got.violations["items[7].image"] == (
        "must be a picture that can be read; this one is none of PNG, JPEG, WEBP, GIF, BMP"
    )
    assert got.violations["items[8].image"] == "must be a picture that can be read; this one is broken"
    assert got.violations["items[9].image"] == "must have at most 262,144 bytes, not 262,145"
    assert got.violations["items[10].image"].endswith("this one has more than 4,000,000 pixels")
    too_many = [f"x{i}" for i in range(1_001)]
    for call, fields in (
        (upsert(running), {"items"}),
        (upsert(running, *too_many), {"items"}),
        (delete(running), {"item_ids"}),
        (delete(running, *too_many), {"item_ids"}),
        (delete(running, "a\n"), {"item_ids[0]"}),
        (get(running, ""), {"item_id"}),
        (running.catalog.ListItems(api.ListItemsRequest(page_size=-1)), {"page_size"}),
    ):
        assert set((await failure(call)).violations) == fields
    assert len(await ids(running, 1_000)) == fakes.ITEMS


async def test_more_new_items_than_there_is_room_for_are_refused_as_a_whole(start: Start) -> None:
    running = await start(max_fresh_items=3)
    await upsert(running, "a", "b", "i1")
    got = await failure(upsert(running, "i2", "c", "d"))
    assert (got.code.name, got.info.reason, got.retry) == ("RESOURCE_EXHAUSTED", "CATALOG_FULL", None)
    assert "grpc-retry-pushback-ms" not in got.trailers
    assert "train" in got.message
    assert (await get(running, "i2")).origin == BUNDLE
    assert (await upsert(running, "c", "a", "i2")).created_count == 1
    await failure(upsert(running, "d"))
    assert (await upsert(running, *(f"i{i}" for i in range(40)), "a", "b", "c")).created_count == 0
    await delete(running, "b")
    assert (await upsert(running, "d")).created_count == 1


async def test_many_who_write_at_once_do_not_get_past_the_limit(start: Start) -> None:
    running = await start(max_fresh_items=10)
    calls = [upsert(running, f"{i}a", f"{i}b", f"{i}c") for i in range(12)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 3
    assert running.store.catalog.count() == 9


async def test_without_the_store_nothing_is_told_or_written(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise StateError("the disk is away")

    for name in ("upsert", "delete", "get", "items", "changes", "position"):
        monkeypatch.setattr(running.store.catalog, name, gone)
    for call in (upsert(running, "a"), delete(running, "i1"), get(running, "i1"), listed(running)):
        got = await failure(call)
        assert (got.code.name, got.info.reason) == ("UNAVAILABLE", "STATE_UNAVAILABLE")


async def test_before_a_bundle_is_loaded_nothing_is_answered(start: Start) -> None:
    running = await start(load=False)
    for call in (upsert(running, "a"), delete(running, "i1"), get(running, "i1"), listed(running)):
        assert (await failure(call)).info.reason == "NO_BUNDLE"
