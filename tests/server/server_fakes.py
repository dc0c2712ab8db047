"""A system of forty items whose sources and ranker do as a test tells them; it needs neither training nor models."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))  # started processes read this file without a conftest

from waiting import eventually

from shortlist_bundle import BundleStore
from shortlist_bundle.histories import write_histories
from shortlist_bundle.items import write_items
from shortlist_core.explanations import SILENCE, Explanation, ReasonKind
from shortlist_core.types import DAY, EVENT_WEIGHTS, NO_ITEM, Candidates, EventType, Queries, Reasons
from shortlist_server.system.loaded_bundle import LoadedBundle

PROGRAM = Path(__file__).with_name("fake_shortlist.py")
"""The command `shortlist`, serving these."""

ITEMS = 40
ROOM = 10
POINTS = 0.01
AS_OF = 1_700_000_000_000_000
SOURCES = ("item_item", "popular_14d")
EXPLANATIONS = (Explanation(), Explanation(ReasonKind.POPULAR, "Popular in the last 14 days."))
CATEGORIES = ("tea", "coffee", "mugs")


def publish(
    directory: Path, points: float = POINTS, activate: bool = True, settings: dict[str, Any] | None = None
) -> BundleStore:
    """Item i has the id `i<i>` and category i % 3; user `ann` viewed 0, bought 1, disliked 2, was shown 3.

    `points` is what the ranker of this bundle gives per item: item i scores i times as much.
    """
    store = BundleStore(directory)
    with store.writer() as writer:
        write_items(
            writer,
            [f"i{i}" for i in range(ITEMS)],
            [f"Item number {i}" for i in range(ITEMS)],
            [[CATEGORIES[i % 3]] for i in range(ITEMS)],
            np.ones(ITEMS, np.float32),
        )
        types = [EventType.VIEW, EventType.PURCHASE, EventType.DISLIKE, EventType.IMPRESSION, EventType.VIEW]
        events = Queries(
            np.array([0, 4, 5]),
            np.array([0, 1, 2, 3, 5], np.int32),
            AS_OF - np.arange(5, 0, -1) * DAY,
            np.array(types, np.int8),
            np.ones(5, np.float32),
            np.full(2, AS_OF),
        )
        write_histories(writer, ["ann", "bob"], events)
        writer.array("ranking/points", np.array([points]))
        writer.publish(
            as_of_micros=AS_OF,
            seed=1,
            settings=settings or {},
            metrics={"items": ITEMS, "ndcg": 0.5},
            activate=activate,
        )
    return store


_NOTED = 1_000  # calls that a fake remembers


class Retriever:
    """Likes items in the order 0, 1, 2, ...; hooks make it fail, dawdle or forget."""

    sources = SOURCES

    n_items = ITEMS + ROOM

    takers = np.log1p(np.arange(ITEMS, 0, -1)).astype(np.float32)  # the first item is the most popular

    def __init__(self) -> None:
        self.calls: list[str] = []  # the newest, as a server may run for an hour
        self.queries: list[Queries] = []
        self.before = lambda: None  # called first, may raise
        self.failed: tuple[str, ...] = ()
        self.empty = False
        self.obeys = True
        self.without: list[int] = []

    def with_recent(self, recent: Any) -> Retriever:
        return self

    def without_users(self, rows: Any) -> Retriever:
        self.without = rows.tolist()
        return self

    def retrieve(
        self,
        queries: Queries,
        count: int,
        *,
        blocked: Sequence[Any] | None = None,
        allowed: Any = None,
        also: Any = None,
        kept: Any = None,
    ) -> Candidates:
        self._note("retrieve")
        self.queries.append(queries)
        del self.queries[:-_NOTED]
        self.before()
        lists = []
        for i in range(len(queries)):
            rows = np.arange(ITEMS)
            if self.obeys and blocked is not None:
                rows = rows[~np.isin(rows, blocked[i])]
            if self.obeys and allowed is not None:
                rows = rows[allowed[rows]]
            own = np.zeros(0, int) if kept is None else kept[i][:count]
            lists.append([] if self.empty else np.sort([*rows[~np.isin(rows, own)][: count - len(own)], *own]))
        return self._describe(lists)

    def score(self, queries: Queries, items: Any) -> Candidates:
        self._note("score")
        self.before()
        return self._describe([row[row != NO_ITEM] for row in items], items.shape[1])

    def similar(self, item: int, count: int, *, blocked: Any, allowed: Any = None, new: Any = None) -> Candidates:
        self._note("similar")
        self.before()
        rows = np.array([row for row in range(ITEMS) if allowed is None or allowed[row]])
        rows = rows[~np.isin(rows, blocked)] if self.obeys else rows
        return self._describe([rows[np.argsort(abs(rows - item), kind="stable")][:count]])

    def reasons(self, queries: Queries, candidates: Candidates) -> Reasons:
        told = Reasons.none(*candidates.items.shape)
        told.speakers[:], told.shares[:] = 1, 1
        for i in range(len(queries)):
            if len(history := queries.history(i)):
                types = queries.slice(i, i + 1).types[history == history[-1]].tolist()
                told.speakers[i], told.anchors[i], told.shares[i] = 0, history[-1], 0.75
                told.done[i] = max(types, key=lambda type: EVENT_WEIGHTS[EventType(type)])
        return replace(told, sources=(*SOURCES, ""), explanations=(*EXPLANATIONS, SILENCE))

    def put(self, rows: Any, items: Sequence[Any]) -> None:
        self._note("put")

    def nearest(self, queries: Queries, rows: Any, count: int) -> list[Any]:
        return [rows[:count]] * len(queries)

    def _note(self, call: str) -> None:
        self.calls.append(call)
        del self.calls[:-_NOTED]

    def _describe(self, lists: Sequence[Any], width: int | None = None) -> Candidates:
        width = max(map(len, lists)) if width is None else width
        items = np.full((len(lists), width), NO_ITEM, np.int32)
        for i, rows in enumerate(lists):
            items[i, : len(rows)] = rows
        valid = items != NO_ITEM
        fused = np.where(valid, 1 - items / 100, -np.inf).astype(np.float32)
        ranks = np.zeros((*items.shape, 2), np.int32)
        ranks[..., 1] = np.where(valid, items + 1, 0)
        scores = np.where(valid[..., None], fused[..., None], 0).astype(np.float32) * np.ones(2, np.float32)
        levels = np.ones((len(items), 2, 2), np.float32)
        return Candidates(items, fused, scores, ranks, levels, SOURCES, self.failed)


class Ranker:
    """Prefers items in the opposite order: item 39 scores 0.39."""

    actions = SimpleNamespace(types=(EventType.VIEW, EventType.PURCHASE, EventType.DISLIKE))

    def __init__(self, points: float = POINTS) -> None:
        self.calls = 0
        self.before = lambda: None
        self.scores = lambda items: items * points

    @classmethod
    def load(cls, bundle: Any) -> Ranker:
        return cls(float(bundle.array("ranking/points")[0]))

    def rank(self, queries: Queries, candidates: Candidates) -> Any:
        self.calls += 1
        self.before()
        scores = self.scores(candidates.items).astype(np.float32)
        return np.where(candidates.valid, scores, -np.inf).astype(np.float32)

    def rank_actions(self, queries: Queries, candidates: Candidates) -> Any:
        """All that is taken is viewed, of item i one in (i + 1) squared bought; i is disliked i times as often."""
        rows = np.maximum(candidates.items, 0)
        ratios = np.stack([np.ones(rows.shape), 1 / (rows + 1) ** 2, rows], axis=-1)
        return self.rank(queries, candidates), ratios.astype(np.float32)

    def put(self, rows: Any, items: Sequence[Any]) -> None:
        pass

    def warm(self) -> None:
        pass

    def vectors(self, items: Any) -> Any:
        return np.eye(3, dtype=np.float32)[np.asarray(items) % 3]


@dataclass(frozen=True)
class Gate:
    """Holds up the ranker of another process while it is shut, that is, while there is a file at `path`."""

    path: Path

    @contextmanager
    def shut(self) -> Iterator[None]:
        """For what is done meanwhile; then calls go on."""
        self.path.touch()
        try:
            yield
        finally:
            self.path.unlink()

    def reached(self) -> None:
        """Wait until a call stands before the gate."""
        eventually(self._reached.exists)

    def wait(self) -> None:
        """What a ranker does."""
        while self.path.exists():
            self._reached.touch()
            time.sleep(0.01)

    @property
    def _reached(self) -> Path:
        return self.path.with_suffix(".reached")


def misbehave(ranker: Ranker) -> None:
    """As the environment of this process says: FAKE_RANKER_SECONDS that a call takes, _LEAK bytes, _GATE, _STALLS."""
    if seconds := float(os.environ.get("FAKE_RANKER_SECONDS", 0)):
        ranker.before = partial(time.sleep, seconds)
    if leak := int(os.environ.get("FAKE_RANKER_LEAK", 0)):
        kept: list[bytes] = []
        ranker.before = lambda: kept.append(os.urandom(leak))
    if gate := os.environ.get("FAKE_RANKER_GATE"):
        ranker.before = Gate(Path(gate)).wait
    if switch := os.environ.get("FAKE_RANKER_STALLS"):
        ranker.before = partial(_stall, Path(switch), random.Random(0))


def _stall(switch: Path, draw: random.Random) -> None:
    """While there is such a file, a share of the calls, as it says, takes up to a second."""
    if switch.exists() and draw.random() < float(switch.read_text()):
        time.sleep(draw.uniform(0, 1))


def load(bundle: Any) -> Any:
    """A LoadedBundle of fakes; the stand-in for LoadedBundle.load."""
    return LoadedBundle.assemble(bundle, Retriever(), Ranker.load(bundle), 4)
