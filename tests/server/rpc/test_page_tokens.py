"""Page tokens are opaque to callers, who may send anything as one: it is refused, whatever is in it."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import pytest
from conftest import Start
from server_wire import Running, failure
from shortlist.v1 import bundle_service_pb2 as bundles
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.catalog_service_pb2 import ItemInput

ROWS = 10**6  # beyond the bundle's: the listing goes on among the store's items
ODD = ["\ud800", "a\udfffb", "\ud83c\udf75 ", "\0", "x" * 129, " i", 0, None, [], {}, True, 1.5, ["\ud800"]]


def token(content: Any, encoding: str = "utf-8", escaped: bool = True) -> str:
    text = json.dumps(content, ensure_ascii=escaped)
    return base64.urlsafe_b64encode(text.encode(encoding, "surrogatepass")).decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("escaped", [False, True])
async def test_a_listing_goes_on_after_an_id_alone(running: Running, odd: Any, encoding: str, escaped: bool) -> None:
    forged = token([running.system.version, ROWS, odd], encoding, escaped)
    got = await failure(running.catalog.ListItems(catalog.ListItemsRequest(page_token=forged)))
    assert (got.code, set(got.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"page_token"})


@pytest.mark.parametrize("row", ["\ud800", -1, 1.5, 1e300, None, True, [], "5"])
async def test_a_listing_goes_on_at_a_row_alone(running: Running, row: Any) -> None:
    forged = token([running.system.version, row, ""])
    got = await failure(running.catalog.ListItems(catalog.ListItemsRequest(page_token=forged)))
    assert (got.code, set(got.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"page_token"})


@pytest.mark.parametrize("item_id", ["\U0001f375", "i 1", "\u00e9"])
async def test_every_id_that_an_item_may_have_is_gone_on_after(running: Running, item_id: str) -> None:
    items = [ItemInput(item_id=item_id), ItemInput(item_id=item_id + "z")]
    await running.catalog.UpsertItems(catalog.UpsertItemsRequest(items=items))
    forged = token([running.system.version, ROWS, item_id])
    page = await running.catalog.ListItems(catalog.ListItemsRequest(page_token=forged))
    assert [item.item_id for item in page.items] == [item_id + "z"]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_forged_tokens_of_other_methods_are_refused(running: Running, odd: Any) -> None:
    for content in (odd, [odd] * 4, [odd, running.system.version, 0, 0]):
        export = users.ExportUserRequest(user_id="ann", page_token=token(content))
        assert set((await failure(running.users.ExportUser(export))).violations) == {"page_token"}
        listing = bundles.ListBundlesRequest(page_token=token(content))
        assert set((await failure(running.bundles.ListBundles(listing))).violations) == {"page_token"}


@pytest.mark.parametrize("number", ["\ud800", "x", None, [], {}, 1e999, -(10**30), 10**30, 1.5])
async def test_forged_numbers_of_an_export_are_refused_or_bounded(start: Start, number: Any) -> None:
    running = await start()
    page = await running.users.ExportUser(users.ExportUserRequest(user_id="ann", page_size=1))
    user, version, *_ = json.loads(base64.urlsafe_b64decode(page.next_page_token))
    for numbers in ([number, 0], [0, number]):
        forged = token([user, version, *numbers])
        try:
            await running.users.ExportUser(users.ExportUserRequest(user_id="ann", page_token=forged))
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
