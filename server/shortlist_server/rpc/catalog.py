"""CatalogService: the items of the serving bundle, with the changes that callers have written since."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from shortlist.v1 import catalog_service_pb2 as api
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceServicer

from shortlist_bundle.items import ItemTable
from shortlist_core.catalog import CatalogChange
from shortlist_core.errors import InvalidArgumentError, NotFoundError, Violation
from shortlist_core.types import NO_ITEM
from shortlist_core.values import is_id
from shortlist_server.rpc import validate
from shortlist_server.rpc.caller import lane_of, of_tenant
from shortlist_server.rpc.messages import off_loop
from shortlist_server.rpc.page_size import MAX_PAGE_BYTES
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import CatalogStore
from shortlist_state.catalog import Before, Written

Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")


class CatalogServicer(CatalogServiceServicer):
    """Reads and writes items. Every method needs the store: only the store knows what changed or was deleted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upserting = asyncio.Lock()  # an upsert may wait for the models; several would keep event writes waiting

    async def UpsertItems(self, request: api.UpsertItemsRequest, context: Context) -> api.UpsertItemsResponse:
        """See the service's definition, as for all methods here."""
        bundle = self._engine.stable
        has_images = any(item.image for item in request.items)  # which take milliseconds each to decode
        items = await off_loop(lambda sent: validate.upsert_items(sent, bundle.vector_dim), request, has_images)
        async with self._upserting:
            written = await self._engine.store.write(
                lambda _: self._engine.catalog.upsert(bundle, items), lane_of(context)
            )
        updated = _existing_count(bundle.bundled, [item.item_id for item in items], written)
        return api.UpsertItemsResponse(
            created_count=len(items) - updated, updated_count=updated, revision=written.sequence
        )

    async def DeleteItems(self, request: api.DeleteItemsRequest, context: Context) -> api.DeleteItemsResponse:
        """Deletions of items that this bundle does not contain are stored too: another bundle may contain them."""
        item_ids, bundle = validate.delete_items(request), self._engine.stable
        written = await self._engine.store.write(lambda _: self._engine.catalog.delete(item_ids), lane_of(context))
        return api.DeleteItemsResponse(
            deleted_count=_existing_count(bundle.bundled, item_ids, written), revision=written.sequence
        )

    async def GetItem(self, request: api.GetItemRequest, context: Context) -> api.GetItemResponse:
        """The item as the store has it, or else as the bundle has it."""
        item_id, bundle = validate.get_item(request), self._engine.stable
        [change] = await self._ask(lambda store: store.get([item_id]), context)
        row = bundle.bundled.ids.row(item_id)
        item = (
            _of_store(change, bundle.bundled) if change else _of_bundle(bundle.bundled, row) if row != NO_ITEM else None
        )
        if item is None:
            raise NotFoundError("item", item_id)
        return api.GetItemResponse(item=item)

    async def ListItems(self, request: api.ListItemsRequest, context: Context) -> api.ListItemsResponse:
        """A page of the bundle's rows, or, after the last row, of the store's other items."""
        (size, token), bundle = validate.list_items(request), self._engine.stable
        start = _Position.read(token, bundle)
        return await self._ask(lambda store: _listed(store, bundle, start, size), context)

    async def _ask(self, work: Callable[[CatalogStore], T], context: Context) -> T:
        return await self._engine.store.read(lambda store: work(store.catalog), lane_of(context))


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a listing has come."""

    row: int = 0  # how many rows of the bundle are listed
    item_id: str = ""  # the last listed item of those that the bundle does not contain

    @classmethod
    def read(cls, token: str, bundle: LoadedBundle) -> _Position:
        if not token:
            return cls()
        try:
            version, row, item_id = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
            if (
                version == of_tenant(bundle.version)
                and type(row) is int
                and row >= 0
                and (item_id == "" or is_id(item_id))
            ):
                return cls(row, item_id)
        except (ValueError, TypeError, RecursionError):
            pass
        rule = "must be the next_page_token of a page from the bundle that serves now"
        raise InvalidArgumentError([Violation("page_token", rule)])

    def text(self, bundle: LoadedBundle) -> str:
        content = json.dumps([of_tenant(bundle.version), self.row, self.item_id], ensure_ascii=False)
        return base64.urlsafe_b64encode(content.encode()).decode()


def _listed(store: CatalogStore, bundle: LoadedBundle, start: _Position, size: int) -> api.ListItemsResponse:
    """The page of up to `size` items that begins at `start`."""
    bundled = bundle.bundled
    if start.row < len(bundled):
        rows = range(start.row, min(start.row + size, len(bundled)))
        changes = store.get(bundled.ids.take(rows))
        messages = (
            (_of_store(c, bundled) if c else _of_bundle(bundled, row)) for row, c in zip(rows, changes, strict=True)
        )
        positions = [_Position(row + 1) for row in rows]
        more = True  # the store's items follow
    else:
        live = store.items(start.item_id, size)
        messages = (None if change.item_id in bundled.ids else _of_store(change, bundled) for change in live)
        positions = [_Position(len(bundled), change.item_id) for change in live]
        more = len(live) == size
    items, used = _page(messages)
    response = api.ListItemsResponse(items=items)
    if more or used < len(positions):
        response.next_page_token = positions[used - 1].text(bundle)
    return response


def _existing_count(bundled: ItemTable, item_ids: list[str], written: Written) -> int:
    """How many of the items just written existed before, in the store or in the bundle."""
    return sum(
        before is Before.ITEM or (before is Before.NOTHING and item_id in bundled.ids)
        for before, item_id in zip(written.before, item_ids, strict=True)
    )


def _page(messages: Iterable[api.Item | None]) -> tuple[list[api.Item], int]:
    """The items of a page, as many as fit but at least one, and how many of `messages` the page uses up.

    A message that is None is used up, but not on the page.
    """
    items: list[api.Item] = []
    used = size = 0
    for item in messages:
        size += item.ByteSize() + 8 if item else 0
        if size > MAX_PAGE_BYTES and used:
            break
        used += 1
        if item:
            items.append(item)
    return items, used


def _of_bundle(items: ItemTable, row: int) -> api.Item:
    price = float(items.prices[row])
    return api.Item(
        item_id=items.ids[row],
        title=items.titles[row],
        categories=items.categories(row),
        price=None if math.isnan(price) else price,
        origin=api.ITEM_ORIGIN_BUNDLE,
        available=bool(items.available[row]),
        release_time=_released(items, row),
    )


def _released(items: ItemTable, row: int) -> Timestamp | None:
    return Timestamp(seconds=int(items.released[row])) if items.released[row] else None


def _of_store(change: CatalogChange, bundled: ItemTable) -> api.Item | None:
    """The item of a change, with the release time of the bundle where it was written without; None for a deletion."""
    item = change.item
    if item is None:
        return None
    message = api.Item(
        item_id=item.item_id,
        title=item.title,
        text=item.text,
        categories=item.categories,
        price=item.price,
        attributes=[api.ItemAttribute(key=key, value=value) for key, value in item.attributes],
        embedding=item.embedding,
        origin=api.ITEM_ORIGIN_LIVE,
        available=item.available,
    )
    message.update_time.FromMicroseconds(change.time)
    row = bundled.ids.row(item.item_id)
    if item.release_time is not None:
        message.release_time.FromMicroseconds(item.release_time)
    elif row != NO_ITEM and (released := _released(bundled, row)):
        message.release_time.CopyFrom(released)
    return message
