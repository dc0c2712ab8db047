"""The interface of what reads steps in Keras, one for each encoder of the sequence source."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from shortlist_core.types import Float32s
from shortlist_layers.quiet_keras import layers
from shortlist_retrieval.sequence_encoders.encoder import SequenceEncoder


class SequenceReader(layers.Layer):
    """The part of the sequence model between its inputs and its end."""

    encoder: ClassVar[type[SequenceEncoder]]
    """The encoder that does the same arithmetic in numpy."""

    @abstractmethod
    def call(self, x: Any, users: Any, training: bool = False) -> Any:
        """What is known after each step, float32 [batch, LENGTH, DIM], from it and those before of the same user.

        `x` float32 [batch, LENGTH, DIM] are the inputs, and `users` int32 [batch, LENGTH] says whose each step is: a
        row holds one user's steps after another's.
        """

    @abstractmethod
    def weights_by_name(self) -> dict[str, Float32s]:
        """The weights by the names that the encoder uses."""
