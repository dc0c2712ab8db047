"""Every method of the API under the name that the Python client has for it, and with what it is called at least."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shortlist import BatchRecommendQuery, Event, ItemInput, Placement, StreamRecommendRequest, UserInput

PROTOS = Path(__file__).parents[2] / "protos/shortlist/v1"
METHODS = {
    re.sub(r"\B[A-Z]", r"_\g<0>", name).lower()
    for proto in PROTOS.glob("*.proto")
    for name in re.findall(r"^\s*rpc (\w+)", proto.read_text(encoding="utf-8"), re.MULTILINE)
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "recommend": ("u1",),
    "batch_recommend": ([BatchRecommendQuery(user_id="u1")],),
    "stream_recommend": ([StreamRecommendRequest(user_id="u1")],),
    "retrieve": ("u1",),
    "rank": ("u1", ["i1"]),
    "similar_items": ("i1",),
    "write_events": ([Event(user_id="u1", item_id="i1")],),
    "upsert_items": ([ItemInput(item_id="i1")],),
    "delete_items": (["i1"],),
    "get_item": ("i1",),
    "upsert_users": ([UserInput(user_id="u1")],),
    "get_user": ("u1",),
    "export_user": ("u1",),
    "delete_user": ("u1",),
    "get_bundle_report": ("b1",),
    "activate_bundle": ("b1",),
    "set_placements": ([Placement(name="home")],),
    "preview_placement": (Placement(name="home"),),
}


def call(client: Any, method: str, **options: Any) -> Any:
    """The answer; a list of them from a stream."""
    answer = getattr(client, method)(*ARGUMENTS.get(method, ()), **options)
    return list(answer) if method == "stream_recommend" else answer
