"""The interface of a source of candidates. A source says everything about itself that other parts ask.

A new source is one file with a subclass of `Source`, and one line in `registry.py` (docs/how-to/add-a-source.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar, Protocol

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.explanations import Explanation
from shortlist_core.types import Bools, Float32s, Int32s, Queries
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
        """The users' vectors, float32 [batch, d]; zeros for a user whom the source cannot place."""
        ...


_DEFAULT = Explanation()  # made once: answers ask for it, and find their sentences by it


class Source(ABC):
    """One way to find candidates. A subclass overrides what differs from the defaults here."""

    kind: ClassVar[str]
    """Name of the class in bundles. It never changes, so that older bundles can be read."""

    name: str
    """Name of the source in answers, reasons, metrics and bundles; unique within a retriever."""

    personal: ClassVar[bool] = True
    """Whether scores depend on the user. Other sources cannot say which items go with one item."""

    family: ClassVar[SignalFamily] = SignalFamily.OTHER

    names_history_items: ClassVar[bool] = False
    """Whether `write_anchors` names the history items from which a score follows."""

    names_groups: ClassVar[bool] = False
    """Whether `groups` names the groups of the user from which a score follows."""

    counts_takers: ClassVar[bool] = False
    """Whether an item's score is above 0 once somebody took it. The ranker reads from that which items are unproven."""

    takes_new_items: ClassVar[bool] = False
    """Whether `put` takes in new items, and `nearest` finds them."""

    from_content: ClassVar[bool] = False
    """Whether the source is fitted on the items' content alone. It is then fitted once for all slices of a training."""

    @property
    def explanation(self) -> Explanation:
        """The explanation of the items that the source proposes."""
        return _DEFAULT

    @property
    def embedding(self) -> Embedding | None:
        """The vectors of the source; None where it has none."""
        return None

    # Answering

    @abstractmethod
    def scores(self, queries: Queries) -> SourceScores:
        """The scores of the source for these queries."""

    def write_anchors(self, queries: Queries, items: Int32s, speakers: Int32s, speaker: int, anchors: Int32s) -> None:
        """Write into `anchors` the row of the query's history item that speaks most for each item.

        Only places where `speakers` is `speaker` are written; the arrays are int32 [batch, n]. NO_ITEM stays where no
        history item speaks for the item. Only called where the source `names_history_items`.
        """
        raise NotImplementedError(f"{self.name} names no history items")

    def groups(self, queries: Queries, items: Int32s) -> Int32s:
        """For each item [batch, n] the row of the user's group that speaks most for it, int32 [batch, n].

        NO_GROUP stands where no group speaks for the item, and for NO_ITEM. Only called where it `names_groups`.
        """
        raise NotImplementedError(f"{self.name} names no groups")

    # Following what happens after the bundle was published

    def with_recent(self, recent: RecentChoices) -> Source:
        """The source as of `recent.now`. Only a source that counts popularity differs from before."""
        return self

    def without_users(self, rows: Int32s) -> Source:
        """The source without the users at these rows of the bundle's histories, because they were erased."""
        return self

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in new and changed items, at distinct rows. Only called where the source `takes_new_items`."""
        raise NotImplementedError(f"{self.name} takes no new items")

    def nearest(self, queries: Queries, rows: Int32s, count: int) -> list[Int32s]:
        """For each query up to `count` of the new items at `rows`, those that fit best, best first.

        Only called where the source `takes_new_items`.
        """
        raise NotImplementedError(f"{self.name} takes no new items")

    # Training

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """Whether a retriever has this source, with these settings, and with or without users' groups."""
        return True

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings, with those of this source chosen by the trial."""
        return settings

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Source]:
        """The source, or several sources of its kind, fitted on the inputs as of the moment of the histories.

        A source that trains a model has a trainer instead (`shortlist_retrieval.training.trainers`).
        """
        raise NotImplementedError(f"{cls.__name__} is neither fitted nor has it a trainer")

    def unaware_of(self, new: Bools) -> Source:
        """The source as it would be in a server to which the items `new`, bool [items], are new items.

        The source was fitted on events from before these items, so most sources have no scores for them anyway.
        """
        return self

    # Storage

    @abstractmethod
    def write(self, writer: BundleWriter) -> None:
        """Store the source in a bundle, under `retrieval/<name>`."""

    @classmethod
    @abstractmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Source:
        """The source that `write` stored under this name. `new` says how many spare rows follow the bundle's items."""
