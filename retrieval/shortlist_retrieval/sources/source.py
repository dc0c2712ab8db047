"""What a source of candidates is: it says everything about itself that the rest of the system asks.

A new source is one file with a subclass of `Source`, and one line in `registry.py` (docs/how-to/add-a-source.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar, Protocol

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import Explanation
from shortlist_core.types import NO_GROUP, NO_ITEM, Bools, Float32s, Int32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.recent_choices import RecentChoices
from shortlist_retrieval.sources.scores import SourceScores


class SignalFamily(StrEnum):
    """Sources whose signals one ablation of the ranker leaves out together."""

    COLLABORATIVE = "CF"
    TEXT = "text"
    OTHER = ""


class Embedding(Protocol):
    """Vectors of items and of users, whose inner products are the scores of a source."""

    name: str
    index: VectorIndex

    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, d]; zeros for a user of whom the source knows nothing."""
        ...


class Source(ABC):
    """One way to find candidates. What a subclass does not declare or override is as it is here."""

    kind: ClassVar[str]
    """The class's name in bundles; it never changes, as older bundles have to be read."""

    name: str
    """The source's name in answers, reasons, metrics and bundles; unique within a retriever."""

    personal: ClassVar[bool] = True
    """Whether it scores by what is known of the user; others have nothing to say of what goes with one item."""

    family: ClassVar[SignalFamily] = SignalFamily.OTHER

    names_history_items: ClassVar[bool] = False
    """Whether `anchors` names the history items that it follows from."""

    counts_takers: ClassVar[bool] = False
    """Whether its score of an item is above 0 once somebody took the item: the ranker reads off it what is unproven."""

    takes_new_items: ClassVar[bool] = False
    """Whether `put` takes in items that come after the bundle, and `nearest` finds them."""

    from_content: ClassVar[bool] = False
    """Whether it is fitted on the items' content alone: then once for all slices of a training."""

    @property
    def explanation(self) -> Explanation:
        """What is said of the items that it brings."""
        return Explanation()

    @property
    def embedding(self) -> Embedding | None:
        """The source's vectors, where it has some."""
        return None

    # Answering

    @abstractmethod
    def scores(self, queries: Queries) -> SourceScores:
        """What the source says about the catalogue for these queries."""

    def anchors(self, queries: Queries, items: Int32s) -> Int32s:
        """For each item [batch, n] the row of its query's history item that speaks most for it, int32 [batch, n];
        NO_ITEM where none does and beside NO_ITEM.
        """
        return np.full(items.shape, NO_ITEM, np.int32)

    def groups(self, queries: Queries, items: Int32s) -> Int32s:
        """For each item [batch, n] the row of the user's group that speaks most for it, int32 [batch, n]; NO_GROUP
        where none does and beside NO_ITEM.
        """
        return np.full(items.shape, NO_GROUP, np.int32)

    # Following what happens after the bundle was published

    def with_recent(self, recent: RecentChoices) -> Source:
        """The source as of `recent.now`, where it follows live counts."""
        return self

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in items that came or changed, at distinct rows; only asked of a source that `takes_new_items`."""
        raise NotImplementedError(f"{self.name} takes no new items")

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query the up to `count` of these rows of new items that go best with it, best first; only asked of
        a source that `takes_new_items`.
        """
        raise NotImplementedError(f"{self.name} takes no new items")

    # Training

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """Whether there is such a source with these settings, and with or without users' groups."""
        return True

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with those that are the source's own chosen by what the trial finds best."""
        return settings

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Source]:
        """The source, or several of its kind, as of the moment of the histories.

        A source that trains a model has a trainer instead (`shortlist_retrieval.training.trainers`).
        """
        raise NotImplementedError(f"{cls.__name__} is neither fitted nor has it a trainer")

    def unaware_of(self, new: Bools) -> Source:
        """The source as a server has it to which the items `new`, bool [items], are new.

        Fitted on events from before they came, most sources know nothing of them anyway.
        """
        return self

    # Storage

    @abstractmethod
    def write(self, writer: BundleWriter) -> None:
        """Store the source in a bundle, under `retrieval/<name>`."""

    @classmethod
    @abstractmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Source:
        """The source that `write` stored under this name; `new` says how many rows may follow the bundle's items."""
