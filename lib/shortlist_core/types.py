"""What flows between the stages: frozen dataclasses of numpy arrays.

Inside a trained system an item is its *row* in the bundle's item table (int32, 0-based); item ids are text and are
translated only at the edges. Times are int64 microseconds since the epoch, UTC. Everything is batched: a lone request
is a batch of one, so offline scoring and serving are one code path. Nobody writes into the arrays of another stage.
"""

from __future__ import annotations

from shortlist_core.answers import Hits, Ranked, Reasons, RuleTrace, StageTrace
from shortlist_core.arrays import (
    NO_GROUP,
    NO_ITEM,
    Bools,
    Bytes,
    Float32s,
    Float64s,
    Int8s,
    Int16s,
    Int32s,
    Int64s,
    UInt16s,
    UInt32s,
    UInt64s,
    among,
    distinct,
)
from shortlist_core.candidates import Candidates
from shortlist_core.events import DAY, EVENT_WEIGHTS, SECOND, Event, EventType
from shortlist_core.queries import Queries

__all__ = [
    "DAY",
    "EVENT_WEIGHTS",
    "NO_GROUP",
    "NO_ITEM",
    "SECOND",
    "Bools",
    "Bytes",
    "Candidates",
    "Event",
    "EventType",
    "Float32s",
    "Float64s",
    "Hits",
    "Int8s",
    "Int16s",
    "Int32s",
    "Int64s",
    "Queries",
    "Ranked",
    "Reasons",
    "RuleTrace",
    "StageTrace",
    "UInt16s",
    "UInt32s",
    "UInt64s",
    "among",
    "distinct",
]
