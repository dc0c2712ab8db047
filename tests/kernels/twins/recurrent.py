"""Recurrent networks, history by history and step by step."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twins import draws

WEIGHTS = st.floats(-2, 2, width=32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def write_gru_states(inputs, bounds, recurrent, gates, states):
    for i in range(len(bounds) - 1):
        state = np.zeros(states.shape[1])
        for step in inputs[bounds[i] : bounds[i + 1]].astype(float):
            (update, reset, new), (of_update, of_reset, of_new) = np.split(step, 3), np.split(state @ recurrent, 3)
            update, reset = sigmoid(update + of_update), sigmoid(reset + of_reset)
            state = update * state + (1 - update) * np.tanh(new + reset * of_new)
        states[i] = state


def write_gru_states_outcome(returned, inputs, bounds, recurrent, gates, states):
    return (states,)


@st.composite
def write_gru_states_inputs(draw):
    bounds, size = draws.offsets(draw, draw(st.integers(0, 3))), draw(st.integers(1, 3))
    return (
        draws.array(draw, np.float32, (int(bounds[-1]), 3 * size), WEIGHTS),
        bounds,
        draws.array(draw, np.float32, (size, 3 * size), WEIGHTS),
        draws.zeros(np.float32, 3 * size),
        draws.array(draw, np.float32, (len(bounds) - 1, size), WEIGHTS),
    )


def write_lstm_states(inputs, bounds, recurrent, gates, cells, states):
    for i in range(len(bounds) - 1):
        state, cell = np.zeros(states.shape[1]), np.zeros(states.shape[1])
        for step in inputs[bounds[i] : bounds[i + 1]].astype(float):
            taken, kept, new, shown = np.split(step + state @ recurrent, 4)
            cell = sigmoid(kept) * cell + sigmoid(taken) * np.tanh(new)
            state = sigmoid(shown) * np.tanh(cell)
        states[i] = state


def write_lstm_states_outcome(returned, inputs, bounds, recurrent, gates, cells, states):
    return (states,)


@st.composite
def write_lstm_states_inputs(draw):
    bounds, size = draws.offsets(draw, draw(st.integers(0, 3))), draw(st.integers(1, 3))
    return (
        draws.array(draw, np.float32, (int(bounds[-1]), 4 * size), WEIGHTS),
        bounds,
        draws.array(draw, np.float32, (size, 4 * size), WEIGHTS),
        draws.zeros(np.float32, 4 * size),
        draws.zeros(np.float32, size),
        draws.array(draw, np.float32, (len(bounds) - 1, size), WEIGHTS),
    )
