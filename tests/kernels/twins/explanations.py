"""Explanations, candidate by candidate."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shortlist_core.types import NO_ITEM
from twins import draws

ITEMS = 4200  # more than the kernels' table of suspects has places
ROWS = st.sampled_from([0, 1, 2, 3, 4096, 4097, 4099])
SPEAKERS = st.integers(0, 1)


def choose_speakers(items, given, ranks, naming, speakers, shares, spoken):
    batch, n, sources = given.shape
    for i, j in np.ndindex(batch, n):
        speaker, share = sources, np.float32(0)
        if items[i, j] != NO_ITEM:
            positive = np.maximum(given[i, j], 0)
            parts = np.where(ranks[i, j] > 0, positive / max(positive.sum(), np.float32(1e-9)), 0).astype(np.float32)
            speaker = int(parts.argmax()) if sources else 0
            share = parts[speaker] if sources else np.float32(-1)
            if naming.any():
                named = int(np.where(naming, parts, -1).argmax())
                if parts[named] >= max(share / np.float32(3), np.float32(1e-9)):
                    speaker, share = named, parts[named]
        speakers[i, j], shares[i, j], spoken[speaker] = speaker, share, True


@st.composite
def choose_speakers_inputs(draw):
    batch, n, sources = draw(st.integers(0, 3)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    shape = (batch, n, sources)
    return (
        draws.array(draw, np.int32, (batch, n), st.integers(NO_ITEM, 3)),
        draws.array(draw, np.float32, shape, st.integers(-2, 6)),
        draws.array(draw, np.int32, shape, st.sampled_from([0, 1, 1, 2])),
        draws.array(draw, np.bool_, sources, st.booleans()),
        draws.zeros(np.int32, batch, n),
        draws.zeros(np.float32, batch, n),
        draws.zeros(np.bool_, sources + 1),
    )


def name_strongest(support, anchors, i, n):
    """Of pairs of a part and an item, the first with the largest part above 0."""
    part, item = max(support, key=lambda pair: pair[0], default=(0, NO_ITEM))
    if part > 0:
        anchors[i, n] = item


def write_strongest(offsets, history, counts, indptr, indices, data, items, speakers, speaker, marks, most, anchors):
    for i, n in np.argwhere(speakers == speaker):
        support = [
            (counts[j] * data[entry], history[j])
            for j in range(offsets[i], offsets[i + 1])
            if history[j] < len(indptr) - 1
            for entry in range(indptr[history[j]], indptr[history[j] + 1])
            if indices[entry] == items[i, n]
        ]
        name_strongest(support, anchors, i, n)


@st.composite
def write_strongest_inputs(draw):
    batch, n = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    rows = draw(st.integers(0, 5))
    indptr = draws.offsets(draw, rows)
    indices = draws.distinct(draw, indptr, ROWS)
    data = draws.array(draw, np.float32, len(indices), draws.FEW_FLOATS)
    offsets = draws.offsets(draw, batch)
    history = draws.array(draw, np.int32, offsets[-1], st.integers(0, 7))
    counts = draws.array(draw, np.float32, offsets[-1], draws.FEW_FLOATS)
    each = np.arange(batch + 1, dtype=np.int64) * n
    items = draws.distinct(draw, each, ROWS | st.just(ITEMS + 1)).reshape(batch, n)
    speakers = draws.array(draw, np.int32, (batch, n), SPEAKERS)
    items[(speakers != 1) & draws.array(draw, np.bool_, (batch, n), st.booleans())] = NO_ITEM
    written = draws.zeros(np.int32, ITEMS), draws.zeros(np.float32, n), np.full((batch, n), NO_ITEM, np.int32)
    return offsets, history, counts, indptr, indices, data, items, speakers, 1, *written


def write_strongest_outcome(returned, *arguments):
    marks, _, anchors = arguments[-3:]
    return marks, anchors


def write_needed_rows(offsets, history, items, speakers, speaker, rows):
    needed = []
    for i in range(len(items)):
        own = items[i, speakers[i] == speaker].tolist()
        needed += own + (history[offsets[i] : offsets[i + 1]].tolist() if own else [])
    rows[: len(needed)] = needed
    return len(needed)


@st.composite
def write_needed_rows_inputs(draw):
    batch, n = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    offsets = draws.offsets(draw, batch)
    history = draws.array(draw, np.int32, offsets[-1], ROWS)
    items = draws.array(draw, np.int32, (batch, n), ROWS)
    speakers = draws.array(draw, np.int32, (batch, n), SPEAKERS)
    return offsets, history, items, speakers, 1, draws.zeros(np.int32, len(history) + items.size)


def write_nearest(offsets, history, speakers, speaker, vectors, anchors):
    at = 0
    for i in range(len(speakers)):
        (own,) = np.nonzero(speakers[i] == speaker)
        if len(own):
            events = history[offsets[i] : offsets[i + 1]]
            item_vectors, at = vectors[at : at + len(own)], at + len(own)
            event_vectors, at = vectors[at : at + len(events)], at + len(events)
            lengths = np.maximum(np.sqrt((event_vectors * event_vectors).sum(axis=1)), np.float32(1e-9))
            for n, vector in zip(own, item_vectors, strict=True):
                cosines = (event_vectors * vector).sum(axis=1) * (np.float32(1) / lengths)
                name_strongest(zip(cosines, events, strict=True), anchors, i, n)


@st.composite
def write_nearest_inputs(draw):
    offsets, history, items, speakers, speaker, rows = draw(write_needed_rows_inputs())
    count = write_needed_rows(offsets, history, items, speakers, speaker, rows)
    # Of these numbers cosines that are equal are so to the last bit, whoever adds them up.
    vectors = draws.array(draw, np.float32, (count, draw(st.integers(1, 4))), st.sampled_from([0.0, 1.0, -1.0, 2.0]))
    return offsets, history, speakers, speaker, vectors, np.full(items.shape, NO_ITEM, np.int32)


def write_strongest_events(offsets, items, types, weights, anchors, done):
    for i, n in np.argwhere(anchors != NO_ITEM):
        row = slice(offsets[i], offsets[i + 1])
        on_anchor = types[row][items[row] == anchors[i, n]]
        if len(on_anchor):
            done[i, n] = on_anchor[weights[on_anchor].argmax()]


@st.composite
def write_strongest_events_inputs(draw):
    batch, n = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    offsets = draws.offsets(draw, batch)
    items = draws.array(draw, np.int32, offsets[-1], st.integers(0, 3))
    types = draws.array(draw, np.int8, offsets[-1], st.integers(0, 4))
    weights = draws.array(draw, np.float32, 5, st.sampled_from([0, 1, 1, 2]))
    anchors = draws.array(draw, np.int32, (batch, n), st.integers(NO_ITEM, 4))
    return offsets, items, types, weights, anchors, draws.zeros(np.int8, batch, n)
