"""What sources are fitted on, and the settings of stage one that are chosen on the data at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.scores import Scoring


@dataclass(frozen=True)
class RetrievalSettings:
    """What training finds out about the data at hand; a bundle's manifest lists it."""

    windows_days: tuple[float, ...]  # of popularity
    penalty: float = 200.0  # of EASE over all time
    half_life_days: float = np.inf  # of events in the fading sources; inf: nothing fades
    repeated: bool = False  # whether EASE over fading events counts repeated ones
    read_fading: bool = False  # whether it reads histories as fading, too
    recent_penalty: float = 200.0  # of EASE over fading events
    factors: int = 64  # of ALS

    @property
    def has_recent(self) -> bool:
        """Whether EASE over fading events differs from EASE over all time."""
        return bool(np.isfinite(self.half_life_days)) or self.repeated


@dataclass(frozen=True)
class FitInputs:
    """Everything that a source may be fitted on. All of it is from before the moment of the histories."""

    histories: Queries  # of all users, asked at that moment
    items: ItemFeatures
    settings: RetrievalSettings
    seed: int
    most_steps: int = 0  # batches that a model may be trained on

    @property
    def n_items(self) -> int:
        """How many items the catalogue has."""
        return len(self.items)

    @cached_property
    def profiles(self) -> sp.csr_matrix:
        """Who has what: the wanted items of every history, CSR float32 [users, items], none fading."""
        return history_profile(self.histories, self.n_items, np.inf).matrix()


@dataclass(frozen=True)
class Trial:
    """The newest slice of time, on which settings are tried."""

    inputs: FitInputs  # its past, with the settings that were chosen before it
    span_days: float  # how long the whole data reaches back
    quality: Callable[[Scoring], float]  # of what a source alone finds of what users took next; larger is better
