"""Event weights: how strongly an event says that its user wants such items, by its type and by its value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from shortlist_core.arrays import Float32s, Int8s
from shortlist_core.events import EVENT_WEIGHTS, EventType

MOST = 100.0
"""What the value multiplies the weight by at most, so that no event counts for all others."""


class ByValue(StrEnum):
    """How the value of an event changes its weight."""

    NONE = "none"  # not at all
    LOG = "log"  # log2(1 + value / unit)
    LINEAR = "linear"  # value / unit


@dataclass(frozen=True)
class EventWeight:
    """The weight of the events of one type."""

    weight: float = 1.0
    value: ByValue = ByValue.NONE
    unit: float = 1.0  # the value at which an event counts `weight`

    def of(self, value: float) -> float:
        """The weight of an event with this value; 0 is no wish, as is a value of 0 or less where values count."""
        if self.value == ByValue.NONE:
            return self.weight
        units = max(value, 0.0) / self.unit
        return self.weight * min(math.log2(1 + units) if self.value == ByValue.LOG else units, MOST)


@dataclass(frozen=True)
class EventWeights:
    """The weights of all events. Events of weight 0 are kept as history only."""

    kinds: tuple[EventWeight, ...]  # by EventType

    def of(self, types: Int8s, values: Float32s) -> Float32s:
        """The weights of events with these types and values, float32 [events]."""
        weights = self._table[types]
        for kind, rule in enumerate(self.kinds):
            if rule.value != ByValue.NONE and len(at := np.flatnonzero(types == kind)):
                units = np.maximum(values[at], 0) / np.float32(rule.unit)
                counted = np.log2(1 + units) if rule.value == ByValue.LOG else units
                weights[at] *= np.minimum(counted, np.float32(MOST))
        return np.asarray(weights, np.float32)

    @cached_property
    def _table(self) -> Float32s:
        return np.array([rule.weight for rule in self.kinds], np.float32)

    def with_kinds(self, changed: Mapping[EventType, EventWeight]) -> EventWeights:
        """These weights, with those of some types changed."""
        return EventWeights(tuple(changed.get(kind, self.kinds[kind]) for kind in EventType))

    def to_json(self) -> dict[str, Any]:
        """What differs from USUAL, as plain data."""
        changed = [kind for kind in EventType if self.kinds[kind] != USUAL.kinds[kind]]
        rules = {kind.name.lower(): self.kinds[kind] for kind in changed}
        return {name: {"weight": r.weight, "value": r.value.value, "unit": r.unit} for name, r in rules.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EventWeights:
        """The weights that `to_json` gave."""
        rules = {name: EventWeight(r["weight"], ByValue(r["value"]), r["unit"]) for name, r in stored.items()}
        return USUAL.with_kinds({EventType[name.upper()]: rule for name, rule in rules.items()})


USUAL = EventWeights(tuple(EventWeight(float(EVENT_WEIGHTS[kind] > 0)) for kind in EventType))
"""The weights where nobody says otherwise: events count 1, but for impressions and dislikes, which are no wishes."""
