"""The registry of sources, in the order in which a retriever asks them. A new source is one line here."""

from __future__ import annotations

from shortlist_bundle.reader import Bundle
from shortlist_core.errors import BundleRefusedError
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.cosine import Cosine
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.hours import Hours
from shortlist_retrieval.sources.in_context import InContext
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.likeness import Likeness
from shortlist_retrieval.sources.newcomers import Newcomers
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.recent_item_item import RecentItemItem
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.sources.transitions import Transitions
from shortlist_retrieval.sources.two_tower import TwoTower

SOURCES: tuple[type[Source], ...] = (
    TwoTower,
    SequenceSource,
    ItemItem,
    RecentItemItem,
    Cosine,
    Transitions,
    SimilarUsers,
    ALS,
    Text,
    Likeness,
    Popularity,
    Hours,
    InContext,
    Newcomers,
    Demographic,
)


def source_class(kind: str, name: str) -> type[Source] | None:
    """The class of a bundle's source of this kind and name; None where there is no such class.

    Classes that are stored alike share a kind, and differ by name.
    """
    of_kind = [source for source in SOURCES if source.kind == kind]
    named = (source for source in of_kind if getattr(source, "name", None) == name)
    return next(named, of_kind[0] if of_kind else None)


def load_source(bundle: Bundle, kind: str, name: str, new: NewItems | None = None) -> Source:
    """The source of this kind and name. Raises BundleRefusedError where this version has no such kind."""
    source = source_class(kind, name)
    if source is None:
        raise BundleRefusedError(bundle.version, "retrieval/sources.json", f"names an unknown kind of source: {kind}")
    return source.load(bundle, name, new)
