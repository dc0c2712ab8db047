"""What a ranking feature is. A new one is one file with a subclass of `Feature`, and one line in `registry.py`
(docs/how-to/add-a-ranking-feature.md).

A feature is as of the query's moment: it knows nothing of what came after it. How long the user has been away is left
out on purpose: it says when somebody asked rather than what they like, and a model that learned on people in the midst
of a visit goes astray on those who come back after months (docs/experiments.md, 2026-11-22).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from shortlist_core.types import Candidates, Float32s, Queries
from shortlist_ranking.item_facts import ItemFacts


@dataclass(frozen=True)
class FeatureInputs:
    """What a feature may be made of."""

    queries: Queries  # batch of users, each with the history and the moment of the request
    candidates: Candidates  # [batch, n], with what every source says of them
    facts: ItemFacts


class Feature(ABC):
    """One or more numbers per candidate."""

    name: ClassVar[str]
    """The feature's name in bundles; it never changes, as older bundles have to be read."""

    def columns(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """The names of its numbers, where stage one has these sources: one number, called as the feature is."""
        return (self.name,)

    @abstractmethod
    def write(self, inputs: FeatureInputs, matrix: Float32s, at: int) -> None:
        """Write the numbers of every candidate, not yet scaled, into `matrix[:batch, :n, at:at + columns]`.

        `matrix` is float32, contiguous and as large as [batch, n, at + columns] or larger. Beside NO_ITEM any number
        may stand, but there has to be one; so too where something is not known of an item.
        """
