"""ALS: alternating least squares on implicit feedback. Users are folded in from their live history.

Hu, Koren and Volinsky 2008, Collaborative Filtering for Implicit Feedback Datasets, eq. 4. A user's vector is the
solution of a small linear system over the vectors of the history's items, so no user needs a trained vector.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Float32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.vector_source import VectorSource
from shortlist_retrieval.sparse import SparseRows

CONFIDENCE = 2.0
PENALTY = 0.1
SWEEPS = 12

FACTORS = (8, 16, 32, 64)
"""Numbers of factors to choose from, tried on the newest slice."""


@dataclass(frozen=True)
class ALS(VectorSource):
    """Item vectors in an index, and the matrix that the linear systems of all users share."""

    kind = "ALS"

    index: VectorIndex
    gram: Float32s  # [factors, factors]: item vectors' Gram matrix plus the penalty
    name: str = "als"

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """Choose the number of factors."""
        profiles, seed = trial.inputs.profiles, trial.inputs.seed
        factors = max(FACTORS, key=lambda f: trial.quality(cls.factorised(profiles, f, seed)))
        return replace(settings, factors=factors)

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[ALS]:
        """The source fitted on the histories, as of their moment."""
        return (cls.factorised(inputs.profiles, inputs.settings.factors, inputs.seed),)

    @classmethod
    def factorised(cls, profiles: sp.csr_matrix, factors: int, seed: int) -> ALS:
        """The source that factorises `profiles`, float32 [users, items], which say which user has which item."""
        with threadpool_limits(1, "blas"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # `implicit` warns of BLAS threads, although limited here
            model = AlternatingLeastSquares(
                factors, regularization=PENALTY, alpha=CONFIDENCE, iterations=SWEEPS, random_state=seed, num_threads=0
            )
            model.fit(profiles, show_progress=False)
        return cls.of(VectorIndex.build(model.item_factors))

    def encode(self, queries: Queries) -> Float32s:
        """The vectors of the folded-in users, float32 [batch, factors]; zeros for a user without history."""
        return self.fold_in(history_profile(queries, len(self.index), np.inf))

    def fold_in(self, profiles: SparseRows) -> Float32s:
        """The vectors of users with these profiles, float32 [batch, factors]; zeros for an empty profile."""
        items, confidence = self.index.take(profiles.columns), CONFIDENCE * profiles.values
        weighted = items * (confidence - 1)[:, None]
        systems = np.empty((len(profiles), *self.gram.shape), np.float32)
        wanted = np.empty((len(profiles), len(self.gram)), np.float32)  # zeros for an empty profile
        for user, (a, b) in enumerate(pairwise(profiles.offsets.tolist())):
            systems[user] = self.gram + weighted[a:b].T @ items[a:b]
            wanted[user] = items[a:b].T @ confidence[a:b]
        return np.asarray(np.linalg.solve(systems, wanted[..., None])[..., 0], np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the index, from which the rest follows."""
        self.index.write(writer, "retrieval/als")

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> ALS:
        """The source that `write` stored. It has no scores for new items."""
        index = VectorIndex.load(bundle, f"retrieval/{name}")
        return cls.of(NewItemIndex.over(index, new.spare_rows) if new else index)

    @classmethod
    def of(cls, index: VectorIndex) -> ALS:
        """The source of these item vectors."""
        squares = len(index) * (index.covariance + np.outer(index.mean, index.mean))  # reads no item vectors
        gram = squares + PENALTY * np.eye(index.dim)
        return cls(index, gram.astype(np.float32))
