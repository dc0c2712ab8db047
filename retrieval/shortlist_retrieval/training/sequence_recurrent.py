"""The recurrent readers of the sequence model in Keras: GRU and LSTM.

`sequence_encoders.gru` and `sequence_encoders.lstm` do the same arithmetic in numpy.
"""

from __future__ import annotations

from typing import Any, ClassVar

from shortlist_core.types import Float32s
from shortlist_layers.quiet_keras import keras, layers, ops
from shortlist_retrieval.sequence_encoders.encoder import DIM, LENGTH
from shortlist_retrieval.sequence_encoders.gru import GRU
from shortlist_retrieval.sequence_encoders.lstm import LSTM
from shortlist_retrieval.sequence_encoders.recurrent import HIDDEN
from shortlist_retrieval.training.sequence_reader import SequenceReader


class Cell(layers.Layer):
    """One step of a recurrent network.

    The last number of a step's inputs is 1 where the step before is of the same user, and 0 where a user begins.
    """

    gates: ClassVar[int]
    """How many numbers each unit computes at each step."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = HIDDEN
        self.recurrent = self.add_weight(
            name="recurrent", shape=(HIDDEN, self.gates * HIDDEN), initializer="orthogonal"
        )

    def build(self, input_shape: Any = None) -> None:
        """All weights are there."""
        self.built = True


class GRUCell(Cell):
    """A gated recurrent unit, whose reset gate is applied after the product with the recurrent weights."""

    gates = 3
    state_size = HIDDEN

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """The state after the step, as output and as state."""
        step, same = inputs[:, :-1], inputs[:, -1:]
        before = states[0] * same
        update, reset, new = ops.split(step, 3, axis=-1)
        of_update, of_reset, of_new = ops.split(ops.matmul(before, self.recurrent), 3, axis=-1)
        update, reset = ops.sigmoid(update + of_update), ops.sigmoid(reset + of_reset)
        state = update * before + (1 - update) * ops.tanh(new + reset * of_new)
        return state, [state]


class LSTMCell(Cell):
    """Long short-term memory with input, forget and output gates."""

    gates = 4
    state_size: ClassVar[list[int]] = [HIDDEN, HIDDEN]

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """The output after the step, and the output with the cells as states."""
        step, same = inputs[:, :-1], inputs[:, -1:]
        before, cells = states[0] * same, states[1] * same
        taken, kept, new, shown = ops.split(step + ops.matmul(before, self.recurrent), 4, axis=-1)
        cells = ops.sigmoid(kept) * cells + ops.sigmoid(taken) * ops.tanh(new)
        output = ops.sigmoid(shown) * ops.tanh(cells)
        return output, [output, cells]


class RecurrentReader(SequenceReader):
    """A recurrent network over the rows, which forgets all where another user begins."""

    cell: ClassVar[type[Cell]]
    begin: ClassVar[tuple[float, ...]]  # the bias that each gate begins with

    def __init__(self, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        cell = self.cell(name="cell")
        biases = keras.initializers.Constant([each for each in self.begin for _ in range(HIDDEN)])
        self.gates = layers.Dense(cell.gates * HIDDEN, bias_initializer=biases)
        self.steps = layers.RNN(cell, return_sequences=True)
        self.mix = layers.Dense(DIM, use_bias=False)
        self.dropout = layers.Dropout(dropout)

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        self.gates.build((None, LENGTH, DIM))
        self.steps.build((None, LENGTH, self.cell.gates * HIDDEN + 1))
        self.mix.build((None, LENGTH, HIDDEN))
        self.built = True

    def call(self, x: Any, users: Any, training: bool = False) -> Any:
        """What is known after each step, float32 [batch, LENGTH, DIM]."""
        same = ops.cast(ops.equal(users[:, 1:], users[:, :-1]), "float32")
        same = ops.expand_dims(ops.pad(same, ((0, 0), (1, 0))), -1)
        states = self.steps(ops.concatenate([self.gates(x), same], axis=-1), training=training)
        return self.mix(self.dropout(states, training=training))

    def weights_by_name(self) -> dict[str, Float32s]:
        """The weights by the names that the encoder uses."""
        weights = {"gates": self.gates.kernel, "bias": self.gates.bias, "mix": self.mix.kernel}
        weights["recurrent"] = self.steps.cell.recurrent
        return {name: ops.convert_to_numpy(value) for name, value in weights.items()}


class GRUReader(RecurrentReader):
    """The reader with a GRU."""

    encoder = GRU
    cell = GRUCell
    begin = (0.0, 0.0, 0.0)


class LSTMReader(RecurrentReader):
    """The reader with an LSTM, which begins by remembering (Jozefowicz et al. 2015)."""

    encoder = LSTM
    cell = LSTMCell
    begin = (0.0, 1.0, 0.0, 0.0)
