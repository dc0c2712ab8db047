"""Baselines: popularity, item neighbours, matrix factorisations, EASE, transitions, and blends of them.

Each is a frozen dataclass whose `scores` gives one float32 per user and catalogue item, for rows of training users.
`matrix` is always `Interactions.matrix()`: binary, float32 [users, items]. The module `suite` fits them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.linalg.lapack
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import all_pairs_knn, tfidf_weight
from threadpoolctl import threadpool_limits

from shortlist_core.types import Float32s, Int32s
from shortlist_evaluation.protocol import Interactions


class Baseline(Protocol):
    """A method that scores the whole catalogue."""

    def scores(self, users: Int32s) -> Float32s:
        """Scores float32 [users, items] on any scale; the higher, the more the user wants the item."""


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """Popularity: the same list for every user."""

    counts: Float32s  # [items] users with an event on the item

    @classmethod
    def fit(cls, train: Interactions, days: float | None = None) -> Popularity:
        """Counts of distinct users per item, of all time or of the last `days`."""
        return cls(np.asarray(train.matrix(days).sum(axis=0), np.float32).ravel())

    def scores(self, users: Int32s) -> Float32s:
        """The counts, once per user, float32 [users, items]."""
        return np.tile(self.counts, (len(users), 1))


@dataclass(frozen=True, slots=True, eq=False)
class ItemWeights:
    """A linear model over items: a user's items times item-to-item weights."""

    queries: sp.csr_matrix  # [users, items]
    weights: Float32s | sp.csr_matrix  # [items, items]: row i is what having item i adds to each item's score

    def scores(self, users: Int32s) -> Float32s:
        """`queries @ weights`, float32 [users, items]."""
        scores = self.queries[users] @ self.weights
        return np.asarray(scores.toarray() if sp.issparse(scores) else scores, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """A matrix factorisation: the score is the inner product of the user's and the item's vector."""

    users: Float32s  # [users, factors]
    items: Float32s  # [items, factors]

    def scores(self, users: Int32s) -> Float32s:
        """Inner products, float32 [users, items]."""
        return np.asarray(self.users[users] @ self.items.T, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """A weighted sum of models whose scores are standardised per user first (mean 0, standard deviation 1)."""

    parts: tuple[tuple[float, Baseline], ...]

    def scores(self, users: Int32s) -> Float32s:
        """The weighted sum of the parts' z-scores, float32 [users, items]."""
        total: Float32s = np.zeros(1, np.float32)
        for weight, part in self.parts:
            total = total + np.float32(weight) * z_scores(part.scores(users))
        return np.asarray(total, np.float32)


def z_scores(scores: Float32s) -> Float32s:
    """Rows standardised to mean 0 and standard deviation 1, float32 [users, items]; constant rows become 0."""
    deviation = scores.std(axis=1, keepdims=True)
    centred = scores - scores.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1), np.float32)


def ease(matrix: sp.csr_matrix, l2: float = 300.0) -> Float32s:
    """The item-to-item weights of EASE, float32 [items, items], diagonal 0.

    With P the inverse of (gram matrix + l2 on its diagonal), weight ij is -P_ij / P_jj (Steck 2019, Embarrassingly
    Shallow Autoencoders for Sparse Data, eq. 8). A dense float64 matrix is inverted in place: 12 items^2
    bytes at the peak.
    """
    gram = np.asfortranarray((matrix.T @ matrix).toarray(), np.float64)
    np.fill_diagonal(gram, gram.diagonal() + l2)
    with threadpool_limits(1, "blas"):
        upper, failed = scipy.linalg.lapack.dpotrf(gram, overwrite_a=True)
        inverse, _ = scipy.linalg.lapack.dpotri(upper, overwrite_c=True)
    if failed:
        raise ValueError(f"l2={l2} leaves the gram matrix singular")
    for i in range(len(inverse)):  # only the upper half was computed; copying whole matrices would triple the memory
        inverse[i + 1 :, i] = inverse[i, i + 1 :]
    inverse /= -inverse.diagonal()
    weights: Float32s = inverse.astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def item_neighbours(matrix: sp.csr_matrix, neighbours: int = 100) -> sp.csr_matrix:
    """Cosines of tf-idf weighted items, each *candidate* (column) keeping its `neighbours` nearest, CSR [items, items].

    A candidate's score is then the sum over those of its nearest items that the user has (Deshpande and Karypis 2004).
    implicit's own `recommend` lets each of the user's items vote for its nearest ones, which was clearly worse.
    """
    weighted = tfidf_weight(matrix.T.astype(np.float64)).tocsr()  # [items, users]
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = (
        sp.diags(1 / np.where(lengths > 0, lengths, 1)) @ weighted
    )  # length 0 where all users have the item: its tf-idf is 0
    return all_pairs_knn(unit.T.tocsr(), neighbours, show_progress=False, num_threads=1).T.tocsr().astype(np.float32)


def ials(matrix: sp.csr_matrix, factors: int = 64, alpha: float = 2.0, l2: float = 0.1, seed: int = 0) -> Factors:
    """Weighted factorisation by alternating least squares (Hu, Koren, Volinsky 2008), 15 sweeps of implicit's."""
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors, regularization=l2, alpha=alpha, random_state=seed, num_threads=1)
        model.fit(matrix, show_progress=False)
    return Factors(model.user_factors, model.item_factors)


def bpr(matrix: sp.csr_matrix, factors: int = 64, rate: float = 0.05, l2: float = 0.02, seed: int = 0) -> Factors:
    """Bayesian personalised ranking (Rendle et al. 2009), 100 epochs of implicit's."""
    model = BayesianPersonalizedRanking(factors, rate, l2, random_state=seed, num_threads=1)
    model.fit(matrix, show_progress=False)
    return Factors(model.user_factors, model.item_factors)
