"""Sequence source: a model of order over the history, as it serves, in numpy.

Which model it is says its encoder (`sequence_encoders`). All are trained with a softmax over many items (Klenitskiy and
Vasilev 2023, Turning Dross Into Gold Loss), at every step. `training.sequence_training` trains them in Keras, which
serving does not need.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.errors import BundleRefusedError
from shortlist_core.explanations import Explanation
from shortlist_core.types import Float32s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.index.new_item_index import NewItemIndex
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.sequence_encoders.encoder import DIM, LENGTH, SequenceEncoder, normed
from shortlist_retrieval.sequence_encoders.registry import ENCODERS
from shortlist_retrieval.sources.fit_inputs import RetrievalSettings, Trial
from shortlist_retrieval.sources.sequence_steps import Clock, Steps, steps_of
from shortlist_retrieval.sources.vector_source import VectorSource


@dataclass(frozen=True)
class SequenceSource(VectorSource):
    """Inner products of what the encoder makes of a user's steps with the items' vectors."""

    kind = "Sequence"
    explanation = Explanation(following="Often comes after {title}, which you {done}.")

    index: VectorIndex
    encoder: SequenceEncoder
    clock: Clock
    name: str = "sequence"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """Where the settings say so."""
        return settings.sequence

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the model of order, where the recipe has one trained."""
        return replace(settings, sequence=trial.inputs.most_sequence_batches > 0)

    def encode(self, queries: Queries) -> Float32s:
        """The users' vectors, float32 [batch, DIM]; zeros for a user without history.

        The arithmetic is that of `sequence_model.SequenceModel`, but in numpy: compiling a graph for every number of
        steps would cost more than it saves.
        """
        steps = steps_of(queries, len(self.index), LENGTH)
        some = np.diff(steps.offsets) > 0
        vectors = np.zeros((len(queries), DIM), np.float32)
        if some.any():
            read = self.encoder.read(self._inputs(steps), np.concatenate([[0], steps.offsets[1:][some]]))
            vectors[some] = normed(read, self.encoder.weights, "end")
        return vectors

    def _inputs(self, steps: Steps) -> Float32s:
        """The steps as the encoder reads them, float32 [steps, DIM]."""
        weights = self.encoder.weights
        items = self.index.take(steps.items) + weights["centre"]
        x = items * np.float32(DIM**0.5) + weights["types"][steps.types] + weights["pauses"][steps.pauses]
        x += weights["moments"][self.clock.parts(steps.times)]
        return np.asarray(x, np.float32)

    def write(self, writer: BundleWriter) -> None:
        """Store the index and the encoder, whose weights are stored by its name."""
        prefix = f"retrieval/{self.name}"
        self.index.write(writer, prefix)
        writer.weights(f"{prefix}/{self.encoder.name}", self.encoder.weights)
        writer.json(f"{prefix}/clock", asdict(self.clock))

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> SequenceSource:
        """The source that `write` stored. It has no scores for new items.

        Raises BundleRefusedError where the bundle has weights of no encoder that there is.
        """
        prefix = f"retrieval/{name}"
        index = VectorIndex.load(bundle, prefix)
        encoder = next((each for each in ENCODERS.values() if bundle.has(f"{prefix}/{each.name}")), None)
        if encoder is None:
            raise BundleRefusedError(bundle.version, prefix, f"has the weights of none of {', '.join(ENCODERS)}")
        weights, clock = bundle.weights(f"{prefix}/{encoder.name}"), Clock(**bundle.json(f"{prefix}/clock"))
        return cls(NewItemIndex.over(index, new.spare_rows) if new else index, encoder(weights), clock)
