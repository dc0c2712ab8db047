"""Inputs of fitting: the data that sources are fitted on, and the settings of stage one that suit the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sources.scores import Scoring

SHORTEST_SPAN = 1 / 24
"""Days that data reaches back at least, whatever its times say: an hour."""


@dataclass(frozen=True)
class RetrievalSettings:
    """Settings of stage one that training chooses on the data. A bundle's manifest lists them."""

    windows_days: tuple[float, ...]  # of popularity
    penalty: float = 200.0  # of EASE over all time
    half_life_days: float = np.inf  # of events in the fading sources; inf: events do not fade
    repeated: bool = False  # whether EASE over fading events counts repeated events
    read_fading: bool = False  # whether EASE over fading events also reads fading histories
    recent_penalty: float = 200.0  # of EASE over fading events
    factors: int = 64  # of ALS
    sequence: bool = False  # whether a model of order is one of the sources
    sequence_model: OrderModel = OrderModel.TRANSFORMER  # which one
    hours: bool = False  # whether the time of day and the day of the week count
    context: bool = False  # whether it counts where and how a request comes about
    likeness: bool = False  # whether items have vectors that callers gave

    @property
    def has_recent(self) -> bool:
        """Whether EASE over fading events differs from EASE over all time."""
        return bool(np.isfinite(self.half_life_days)) or self.repeated


@dataclass(frozen=True)
class FitInputs:
    """Everything that a source may be fitted on. All data is from before the moment of the histories."""

    histories: Queries  # of all users, asked at that moment
    items: ItemFeatures
    settings: RetrievalSettings
    seed: int
    most_steps: int = 0  # batches that the two towers may be trained on
    most_sequence_batches: int = 0  # and the sequence model; 0: there is none

    @property
    def n_items(self) -> int:
        """How many items the catalogue has."""
        return len(self.items)

    @cached_property
    def profiles(self) -> sp.csr_matrix:
        """The profiles of all users: wanted items of the histories, CSR float32 [users, items], without fading."""
        return history_profile(self.histories, self.n_items, np.inf).matrix()


@dataclass(frozen=True)
class Trial:
    """A trial of settings on the newest slice of time."""

    inputs: FitInputs  # the slice's past, with the settings that were chosen so far
    span_days: float  # how long all data reaches back
    quality: Callable[[Scoring], float]  # how well a source alone finds what users took in the slice; larger is better
