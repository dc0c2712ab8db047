"""What the recurrent encoders share: a state that is carried from step to step."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_retrieval.sequence_encoders.encoder import SequenceEncoder

HIDDEN = 64
"""Units of a recurrent network."""


class RecurrentEncoder(SequenceEncoder):
    """The state after the newest step says what comes next."""

    def read(self, steps: Float32s, bounds: Int64s) -> Float32s:
        """What is known after the last step of each history, float32 [histories, DIM]."""
        states = np.empty((len(bounds) - 1, HIDDEN), np.float32)
        self._write_states(steps @ self.weights["gates"] + self.weights["bias"], bounds, states)
        return np.asarray(states @ self.weights["mix"], np.float32)

    @abstractmethod
    def _write_states(self, inputs: Float32s, bounds: Int64s, states: Float32s) -> None:
        """Write into `states` [histories, HIDDEN] what the network shows after the last step of each history.

        `inputs` [steps, gates * HIDDEN] are what each step brings for the gates.
        """
