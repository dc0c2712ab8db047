"""Explanations: the source that speaks for a candidate, and the history item that it follows from."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Float32s, Int8s, Int32s, Int64s
from shortlist_kernels.compiled import compiled, compiled_sums
from shortlist_kernels.top import SUSPECTS


@compiled
def choose_speakers(
    items: Int32s,
    given: Float32s,
    ranks: Int32s,
    naming: Bools,
    speakers: Int32s,
    shares: Float32s,
    spoken: Bools,
) -> None:
    """Write the source that gives the reason for each candidate: the one with the largest share of what is `given`,
    or one that can name a history item where its share is at least a third of that. Of equal ones the first.

    `items` int32 [batch, n], `given` float32 and `ranks` int32 [batch, n, sources]: what each source adds to the
    fused score, and its rank, 0 where it did not propose the item, whose share is then 0. `naming` bool [sources].
    `speakers` int32 and `shares` float32 [batch, n] are written everywhere: `sources` and 0 for padding. `spoken`
    bool [sources + 1] becomes True for every speaker.
    """
    batch, n, sources = given.shape
    for i in range(batch):
        for j in range(n):
            speaker, share = sources, np.float32(0)
            if items[i, j] != NO_ITEM:
                total = np.float32(0)
                for s in range(sources):
                    total += max(given[i, j, s], np.float32(0))
                total = max(total, np.float32(1e-9))
                best, named, most, most_named = 0, -1, np.float32(-1), np.float32(-1)
                for s in range(sources):
                    part = max(given[i, j, s], np.float32(0)) / total if ranks[i, j, s] > 0 else np.float32(0)
                    if part > most:
                        best, most = s, part
                    if naming[s] and part > most_named:
                        named, most_named = s, part
                strong = named >= 0 and most_named >= max(most / np.float32(3), np.float32(1e-9))
                speaker, share = (named, most_named) if strong else (best, most)
            speakers[i, j], shares[i, j], spoken[speaker] = speaker, share, True


@compiled
def write_strongest(
    offsets: Int64s,
    history: Int32s,
    counts: Float32s,
    indptr: Int32s,
    indices: Int32s,
    data: Float32s,
    items: Int32s,
    speakers: Int32s,
    speaker: int,
    marks: Int32s,
    most: Float32s,
    anchors: Int32s,
) -> None:
    """Write into `anchors`, for each item of the speaker's, the history item whose count times weight is largest,
    where one is above 0; of equals the first.

    The history of query i is `history[offsets[i]:offsets[i + 1]]` with its `counts`; the weights are a CSR matrix
    [items, items]. `items`, `speakers` and `anchors` are int32 [batch, n]; no item of the speaker's is NO_ITEM, and
    none occurs twice in a row. `marks` int32 [items] are zeros, and zeros again afterwards; `most` float32 [n] is
    scratch. Items past the matrix are named by none.
    """
    suspects = np.zeros(SUSPECTS, np.bool_)
    for i in range(len(items)):
        wanted = 0
        for n in range(items.shape[1]):
            if speakers[i, n] == speaker and items[i, n] < len(marks):
                marks[items[i, n]], most[n] = n + 1, 0
                suspects[items[i, n] & (SUSPECTS - 1)] = True
                wanted += 1
        if wanted == 0:
            continue
        for j in range(offsets[i], offsets[i + 1]):
            if history[j] >= len(indptr) - 1:
                continue
            for entry in range(indptr[history[j]], indptr[history[j] + 1]):
                if not suspects[indices[entry] & (SUSPECTS - 1)]:
                    continue
                n = marks[indices[entry]] - 1
                part = counts[j] * data[entry]
                if n >= 0 and part > most[n]:
                    most[n], anchors[i, n] = part, history[j]
        for n in range(items.shape[1]):
            if speakers[i, n] == speaker and items[i, n] < len(marks):
                marks[items[i, n]] = 0
                suspects[items[i, n] & (SUSPECTS - 1)] = False


@compiled
def write_needed_rows(
    offsets: Int64s, history: Int32s, items: Int32s, speakers: Int32s, speaker: int, rows: Int32s
) -> int:
    """Write the rows whose vectors `write_nearest` reads, in its order; returns how many they are.

    Of each query that has items of the speaker's: these, then the query's history. `items` and `speakers` are int32
    [batch, n]; `rows` int32 has space for all items and all events.
    """
    end = 0
    for i in range(len(items)):
        begin = end
        for n in range(items.shape[1]):
            if speakers[i, n] == speaker:
                rows[end] = items[i, n]
                end += 1
        if end > begin:
            for event in range(offsets[i], offsets[i + 1]):
                rows[end] = history[event]
                end += 1
    return end


@compiled_sums
def write_nearest(
    offsets: Int64s, history: Int32s, speakers: Int32s, speaker: int, vectors: Float32s, anchors: Int32s
) -> None:
    """Write into `anchors`, for each item of the speaker's, the history item with the largest cosine, where one is
    above 0; of equals the first.

    `vectors` float32 [rows, d] are those of the rows that `write_needed_rows` gave; `speakers` and `anchors` int32
    [batch, n].
    """
    batch, n = speakers.shape
    most, places = np.empty(n, np.float32), np.empty(n, np.int64)
    at = 0
    for i in range(batch):
        wanted = 0
        for k in range(n):
            if speakers[i, k] == speaker:
                places[wanted], most[wanted] = k, 0
                wanted += 1
        if wanted == 0:
            continue
        item_vectors, at = vectors[at : at + wanted], at + wanted
        for event in range(offsets[i], offsets[i + 1]):
            vector, squares = vectors[at], np.float32(0)
            at += 1
            for d in range(len(vector)):
                squares += vector[d] * vector[d]
            scale = np.float32(1) / max(np.sqrt(squares), np.float32(1e-9))
            for w in range(wanted):
                item, product = item_vectors[w], np.float32(0)
                for d in range(len(vector)):
                    product += vector[d] * item[d]
                if product * scale > most[w]:
                    most[w], anchors[i, places[w]] = product * scale, history[event]


@compiled
def write_strongest_events(
    offsets: Int64s, items: Int32s, types: Int8s, weights: Float32s, anchors: Int32s, done: Int8s
) -> None:
    """Write into `done` the type with the largest weight of the events on each anchor, of equal ones the oldest.

    `items` int32 and `types` int8 [events] are the histories, those of query i at `offsets[i]:offsets[i + 1]`;
    `weights` float32 [types], none below 0; `anchors` int32 and `done` int8 [batch, n]. Where an anchor is NO_ITEM
    or without an event, `done` stays as it was.
    """
    for i in range(len(anchors)):
        for n in range(anchors.shape[1]):
            most = np.float32(-1)
            if anchors[i, n] == NO_ITEM:
                continue
            if n > 0 and anchors[i, n] == anchors[i, n - 1]:
                done[i, n] = done[i, n - 1]
                continue
            for event in range(offsets[i], offsets[i + 1]):
                if items[event] == anchors[i, n] and weights[types[event]] > most:
                    most, done[i, n] = weights[types[event]], types[event]
