"""In context: what is taken where and how the request comes about, such as on this device or this page.

The columns of interactions that tell it are named when data are imported. The source exists only where it surely pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import NO_GROUP, Int32s, Queries
from shortlist_retrieval.group_popularity import popularity_of_moments, weights_of
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.grouped_popularity import GroupedPopularity
from shortlist_retrieval.sparse import SparseRows, product


@dataclass(frozen=True)
class InContext(GroupedPopularity):
    """Scores log(1 + the choices that an item would have if all were made in contexts like this), averaged over these.

    The rows of `popularity` are contexts.
    """

    kind = "InContext"
    explanation = Explanation(ReasonKind.POPULAR, "Popular in moments like this.")

    name: str = "context"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """True where the context pays, or until that is known."""
        return settings.context

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the source, where events tell of more than one context."""
        contexts = trial.inputs.histories.event_contexts
        return replace(settings, context=contexts is not None and len(np.setdiff1d(contexts, [NO_GROUP])) > 1)

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[InContext]:
        """The source fitted on the histories, as of their moment; none where events tell of no context."""
        return () if inputs.histories.event_contexts is None else (cls.counted(inputs.histories, inputs.n_items),)

    @classmethod
    def counted(cls, histories: Queries, n_items: int) -> InContext:
        """The source that counts the choices of each item, once for each user, in each context."""
        choices = wanted_only(histories)
        contexts = choices.event_contexts
        assert contexts is not None
        count = int(contexts.max(initial=NO_GROUP)) + 1
        popularity = sp.csr_matrix((max(count, 1), n_items), dtype=np.float32)
        for column in contexts.T:  # each tells of one key; every context is in one column
            popularity += popularity_of_moments(choices, column, popularity.shape[0], n_items)
        return cls(popularity)

    def scores(self, queries: Queries) -> SparseRows:
        """The mean scores over the contexts of each request; none for a request of which none is known."""
        none: Int32s = np.full((len(queries), 1), NO_GROUP, np.int32)
        told = none if queries.contexts is None else queries.contexts
        known = np.where(told < self.popularity.shape[0], told, NO_GROUP).astype(np.int32)
        return product(weights_of(known), self.popularity, self.unit)
