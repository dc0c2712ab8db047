"""Sources that the recipe leaves out where they do not pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shortlist_retrieval.sources.fit_inputs import RetrievalSettings
from shortlist_retrieval.sources.hours import Hours
from shortlist_retrieval.sources.in_context import InContext
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.source import Source


@dataclass(frozen=True)
class Optional:
    """A source that the recipe leaves out where it does not pay."""

    source: type[Source]
    without: Callable[[RetrievalSettings], RetrievalSettings]
    what: str  # it reads, for the progress
    surely: bool  # whether it has to pay beyond chance


ORDER = Optional(
    SequenceSource, lambda settings: replace(settings, sequence=False), "the order of events", surely=False
)
# Lists that are made for whole files of users are asked for at one time of the day, which may be any.
TIME = Optional(Hours, lambda settings: replace(settings, hours=False), "the time of day", surely=True)
CONTEXT = Optional(InContext, lambda settings: replace(settings, context=False), "the context", surely=True)
