"""GRU encoder: a gated recurrent unit over the steps, as it serves.

Hidasi et al. 2016, Session-based Recommendations with Recurrent Neural Networks (GRU4Rec); items have the same vectors
as inputs and as answers (Hidasi and Karatzoglou 2018). `training.sequence_recurrent` trains it.
"""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_kernels.recurrent import write_gru_states
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sequence_encoders.recurrent import HIDDEN, RecurrentEncoder


class GRU(RecurrentEncoder):
    """A recurrent network with an update and a reset gate."""

    name = OrderModel.GRU

    def _write_states(self, inputs: Float32s, bounds: Int64s, states: Float32s) -> None:
        write_gru_states(inputs, bounds, self.weights["recurrent"], np.empty(3 * HIDDEN, np.float32), states)
