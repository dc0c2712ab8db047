"""Recurrent networks: the state of each history after its last step, one step after another."""

from __future__ import annotations

import math

import numpy as np

from shortlist_core.types import Float32s, Int64s
from shortlist_kernels.compiled import compiled_sums


@compiled_sums
def write_gru_states(inputs: Float32s, bounds: Int64s, recurrent: Float32s, gates: Float32s, states: Float32s) -> None:
    """Write into `states` float32 [n, h] the state of a GRU after the last step of each history.

    `inputs` float32 [steps, 3 * h] are what each step brings for the update gate, the reset gate and the new state,
    biases among it; those of history i are at `bounds[i]:bounds[i + 1]`. `recurrent` float32 [h, 3 * h] are the weights
    of the state before. A history begins with zeros. `gates` float32 [3 * h] is room to work in.
    """
    size = states.shape[1]
    for i in range(len(bounds) - 1):
        state = states[i]
        state[:] = 0
        for step in range(bounds[i], bounds[i + 1]):
            gates[:] = 0
            for k in range(size):
                before = state[k]
                for j in range(3 * size):
                    gates[j] += before * recurrent[k, j]
            for j in range(size):
                update = np.float32(1) / (np.float32(1) + math.exp(-(inputs[step, j] + gates[j])))
                reset = np.float32(1) / (np.float32(1) + math.exp(-(inputs[step, size + j] + gates[size + j])))
                new = math.tanh(inputs[step, 2 * size + j] + reset * gates[2 * size + j])
                state[j] = update * state[j] + (np.float32(1) - update) * new


@compiled_sums
def write_lstm_states(
    inputs: Float32s, bounds: Int64s, recurrent: Float32s, gates: Float32s, cells: Float32s, states: Float32s
) -> None:
    """Write into `states` float32 [n, h] the output of an LSTM after the last step of each history.

    `inputs` float32 [steps, 4 * h] are what each step brings for the input gate, the forget gate, the new content and
    the output gate, biases among it; those of history i are at `bounds[i]:bounds[i + 1]`. `recurrent` float32
    [h, 4 * h] are the weights of the output before. A history begins with zeros. `gates` float32 [4 * h] and `cells`
    float32 [h] are room to work in.
    """
    size = states.shape[1]
    for i in range(len(bounds) - 1):
        state = states[i]
        state[:] = 0
        cells[:] = 0
        for step in range(bounds[i], bounds[i + 1]):
            gates[:] = inputs[step]
            for k in range(size):
                before = state[k]
                for j in range(4 * size):
                    gates[j] += before * recurrent[k, j]
            for j in range(size):
                taken = np.float32(1) / (np.float32(1) + math.exp(-gates[j]))
                kept = np.float32(1) / (np.float32(1) + math.exp(-gates[size + j]))
                shown = np.float32(1) / (np.float32(1) + math.exp(-gates[3 * size + j]))
                cells[j] = kept * cells[j] + taken * math.tanh(gates[2 * size + j])
                state[j] = shown * math.tanh(cells[j])
