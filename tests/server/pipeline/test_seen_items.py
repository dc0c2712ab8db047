"""Which seen items an answer may hold, by the request's policy or else by the bundle's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.seen_items import SeenItems
from shortlist_ranking.expected import Expected
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle


class Rhythm:
    """Of what a user has seen the last item is likely to come again, and the others are not."""

    def expected(self, queries) -> Expected:
        seen = queries.seen()
        offsets = np.concatenate([[0], np.cumsum([len(rows) for rows in seen])]).astype(np.int64)
        likely = [np.where(np.arange(len(rows)) == len(rows) - 1, 0.5, 0.001) for rows in seen]
        return Expected(offsets, np.concatenate(seen), np.concatenate(likely))


@pytest.fixture
def repeating(system: LoadedBundle) -> LoadedBundle:
    return replace(system, repeats=Rhythm())  # type: ignore[arg-type]


def dropped(system: LoadedBundle, store, *policies: SeenItems | None) -> list[int]:
    """How many seen items are dropped for ann, under each policy."""
    live = LiveUsers(store)
    requests = [PendingRequest(Query("r", "ann", seen_items=policy), RequestContext()) for policy in policies]
    restrictions = hydrate(live, Batch.begin(system, requests))[0].restrictions
    live.close()
    return [len(rows) for rows in restrictions.seen]


def test_each_request_has_its_policy(repeating: LoadedBundle, store) -> None:
    [everything] = dropped(repeating, store, SeenItems.DROP)
    assert everything > 2
    policies = SeenItems.KEEP, SeenItems.REPEATS, SeenItems.DROP
    assert dropped(repeating, store, *policies) == [0, everything - 1, everything]


@pytest.mark.parametrize("usual", list(SeenItems))
def test_a_request_that_names_none_has_that_of_the_bundle(repeating: LoadedBundle, store, usual: SeenItems) -> None:
    bundle = replace(repeating, seen_items=usual)
    assert dropped(bundle, store, None) == dropped(repeating, store, usual)


def test_a_bundle_that_knows_no_rhythm_drops_what_is_to_come_again_only_where_it_is_likely(
    system: LoadedBundle, store
) -> None:
    bundle = replace(system, repeats=None)
    [everything] = dropped(bundle, store, SeenItems.DROP)
    assert dropped(bundle, store, SeenItems.REPEATS, SeenItems.KEEP) == [everything, 0]
