"""How long it takes until an item that a caller writes is found, in every worker."""

from __future__ import annotations

import time
import uuid

import grpc
import numpy as np
from shortlist.v1.catalog_service_pb2 import ItemInput, UpsertItemsRequest
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceStub
from shortlist.v1.filter_pb2 import Filter
from shortlist.v1.recommendation_service_pb2 import RetrieveRequest
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

ITEMS, CONNECTIONS, LIMIT_SECONDS = 20, 16, 30.0
"""Each connection is of one worker, whichever the kernel gives it to: with 16, none of two is left out but by a chance
of one in thirty thousand.
"""


def searchable_seconds(address: str) -> float:
    """From the call of UpsertItems until Retrieve, filtered by the item's own category, has the item over every
    connection: the median over some items, one after another. Raises RuntimeError where one is not found at all.
    """
    options = [("grpc.use_local_subchannel_pool", 1)]  # else all channels share one connection
    channels = [grpc.insecure_channel(address, options) for _ in range(CONNECTIONS)]
    try:
        stubs = [RecommendationServiceStub(channel) for channel in channels]
        catalog = CatalogServiceStub(channels[0])
        for stub in stubs:
            _has(stub, "nothing", "nothing")  # connects
        return float(np.median([_seconds(catalog, stubs) for _ in range(ITEMS)]))
    finally:
        for channel in channels:
            channel.close()


def _seconds(catalog: CatalogServiceStub, stubs: list[RecommendationServiceStub]) -> float:
    name = f"bench-{uuid.uuid4().hex}"
    begun = time.perf_counter()
    catalog.UpsertItems(UpsertItemsRequest(items=[ItemInput(item_id=name, title="new lamp", categories=[name])]))
    left = list(stubs)
    while left:
        if time.perf_counter() - begun > LIMIT_SECONDS:
            raise RuntimeError(f"an item was not found within {LIMIT_SECONDS:.0f} s over {len(left)} connections")
        left = [stub for stub in left if not _has(stub, name, name)]
    return time.perf_counter() - begun


def _has(stub: RecommendationServiceStub, item_id: str, category: str) -> bool:
    answer = stub.Retrieve(RetrieveRequest(candidate_count=5, filter=Filter(included_categories=[category])))
    return any(item.item_id == item_id for item in answer.items)
