"""Similar users: what users with similar histories took lately (user-user neighbours, Herlocker et al. 1999).

Each item keeps its newest users only. So a history is compared with a bounded number of users, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.explanations import Explanation
from shortlist_core.types import Bools, Float32s, Int32s, Queries
from shortlist_kernels.sparse import shrink_cosines
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.source import SignalFamily, Source
from shortlist_retrieval.sparse import SparseRows, keep_largest, product
from shortlist_retrieval.stored_matrix import load_csr, write_csr

USERS_PER_ITEM = 500
NEIGHBOURS = 100
SHRINKAGE = 5.0


@dataclass(frozen=True)
class SimilarUsers(Source):
    """The newest takers of each item, and the items that each user took."""

    kind = "SimilarUsers"
    family = SignalFamily.COLLABORATIVE
    explanation = Explanation(
        alone="People with a taste like yours chose this.",
        following="Because you {done} {title}: others who did chose this too.",
    )

    takers: sp.csr_matrix  # [items, users] 1 for the newest users of each item
    taken: sp.csr_matrix  # [users, items] the items of each user, fading with age
    sizes: Float32s  # [users] distinct items
    takers_unit: float = 1.0  # of the values of `takers`
    taken_unit: float = 1.0  # of the values of `taken`
    name: str = "similar_users"
    erased: Bools | None = None  # [users] whose rows are passed over; None: nobody's

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[SimilarUsers]:
        """The source fitted on the histories, as of their moment."""
        return (cls.of_histories(inputs.histories, inputs.n_items, inputs.settings.half_life_days),)

    @classmethod
    def of_histories(cls, histories: Queries, n_items: int, half_life_days: float) -> SimilarUsers:
        """The source of the users of `histories`. User u of all arrays is query u of the histories."""
        unfaded = history_profile(histories, n_items, np.inf)
        faded = history_profile(histories, n_items, half_life_days).matrix()
        newest = keep_largest(faded.T.tocsr(), USERS_PER_ITEM)
        newest.data = np.ones_like(newest.data)
        return cls(newest, faded, np.diff(unfaded.offsets).astype(np.float32))

    def scores(self, queries: Queries) -> SparseRows:
        """The sum of the nearest users' items, each user weighted by the similarity of the histories."""
        histories = history_profile(queries, self.taken.shape[1], np.inf)
        similar = product(histories, self.takers, self.takers_unit)
        if self.erased is not None:
            similar = similar.without(self.erased)
        shrink_cosines(
            histories.offsets, similar.offsets, similar.columns, self.sizes, np.float32(SHRINKAGE), similar.values
        )
        users = similar.top(NEIGHBOURS)
        offsets = NEIGHBOURS * np.arange(len(users) + 1)
        nearest = SparseRows(offsets, users.ravel(), similar.at(users).ravel(), similar.width)
        return product(nearest, self.taken, self.taken_unit)

    def without_users(self, rows: Int32s) -> SimilarUsers:
        """The source in which these users are nobody's neighbours. The arrays stay, as processes share them."""
        erased = np.zeros(len(self.sizes), np.bool_)
        erased[rows] = True
        return replace(self, erased=erased)

    def write(self, writer: BundleWriter) -> None:
        """Store both matrices and the users' numbers of items."""
        write_csr(writer, f"retrieval/{self.name}/takers", self.takers, self.takers_unit)
        write_csr(writer, f"retrieval/{self.name}/taken", self.taken, self.taken_unit)
        writer.array(f"retrieval/{self.name}/sizes", self.sizes)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> SimilarUsers:
        """The source that `write` stored. It has no scores for new items."""
        prefix = f"retrieval/{name}"
        takers, takers_unit = load_csr(bundle, f"{prefix}/takers")
        taken, taken_unit = load_csr(bundle, f"{prefix}/taken")
        return cls(takers, taken, bundle.array(f"{prefix}/sizes"), takers_unit, taken_unit)
