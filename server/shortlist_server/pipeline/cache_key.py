"""The cache key of a request: a digest of everything that its answer is made of.

A new event of the user, impressions too, another rule or a change of the catalogue gives another key. Online popularity
is part of the key only for users without history. For users with a history it shows once the cached answer has expired.
An erasure changes the key of everybody, as it may have shaped any answer.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from shortlist_core.types import NO_GROUP
from shortlist_server.pipeline.batch import Hydrated
from shortlist_server.pipeline.query import Page


def cache_key(batch: Hydrated, i: int) -> bytes:
    """The cache key of request i, 16 bytes. The key reveals neither the user nor the query."""
    queries, bundle = batch.queries, batch.bundle
    begin, end = queries.offsets[i : i + 2].tolist()
    groups, contexts = (
        [] if rows is None else [row for row in rows[i].tolist() if row != NO_GROUP]
        for rows in (queries.groups, queries.contexts)
    )
    popularity = bundle.online_popularity.erasures if end > begin else bundle.online_popularity.version
    asked = batch.requests[i].query
    query = replace(asked, request_id="", user_id="", context=(), attributes=(), context_attributes=(), page=Page())
    catalogue = bundle.new_items.version  # of this loaded bundle and no other
    text = repr((catalogue, popularity, end - begin, groups, contexts, batch.holds[i], query, len(asked.page.shown)))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(asked.page.shown)  # kilobytes, which would take long as text
    digest.update(queries.now[i].tobytes())
    for column in (queries.items, queries.times, queries.types, queries.values):
        digest.update(column[begin:end].tobytes())
    if batch.impressions is not None:
        begin, end = batch.impressions.offsets[i : i + 2].tolist()
        for column in (batch.impressions.items, batch.impressions.times):
            digest.update(column[begin:end].tobytes())
    return digest.digest()
