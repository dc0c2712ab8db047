"""LSTM encoder: long short-term memory over the steps, as it serves.

Hochreiter and Schmidhuber 1997, Long Short-Term Memory, with forget gates (Gers et al. 2000), in the place that the GRU
has in GRU4Rec. `training.sequence_recurrent` trains it.
"""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_kernels.recurrent import write_lstm_states
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sequence_encoders.recurrent import HIDDEN, RecurrentEncoder


class LSTM(RecurrentEncoder):
    """A recurrent network with cells, and with an input, a forget and an output gate."""

    name = OrderModel.LSTM

    def _write_states(self, inputs: Float32s, bounds: Int64s, states: Float32s) -> None:
        gates, cells = np.empty(4 * HIDDEN, np.float32), np.empty(HIDDEN, np.float32)
        write_lstm_states(inputs, bounds, self.weights["recurrent"], gates, cells, states)
