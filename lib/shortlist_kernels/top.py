"""Top k: the largest of each row, in order, without sorting the rest."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Bools, Int32s, Int64s
from shortlist_kernels.compiled import compiled

SUSPECTS = 4096
"""Places of a table, by the last bits of a row, that says which rows need a closer look: small enough for the nearest
cache, a power of two.
"""

_INFINITE, _TOP = 0x7F800000, 0x7FFFFFFF
"""The bits of infinity, past which there is no number; and what orders larger numbers first, less their bits."""


@compiled
def smallest_first(keys: Int64s, n: int, count: int, spare: Int64s) -> int:
    """Bring the `count` smallest of the first `n` keys, int64, none below 0, to the front, in order; returns how
    many these are. `spare` int64 has space for as many keys.

    By counting and moving, without comparing: of keys that come in no order a processor guesses half of the
    comparisons wrong, which makes a sort of few hundred three times as long.
    """
    if count < n:  # leave out what the first bits alone put behind enough others
        sizes, last = np.zeros(2048, np.int64), 0
        for k in range(n):
            sizes[keys[k] >> 52] += 1
        together = sizes[0]
        while together < count:
            last += 1
            together += sizes[last]
        end = 0
        for k in range(n):
            key = keys[k]
            keys[end] = key
            end += (key >> 52) <= last
        n = end
    if n == 0:
        return 0
    places = np.empty(256, np.int64)
    # Least significant digit first (Knuth 1998, The Art of Computer Programming 3, 5.2.5).
    for shift in range(0, 64, 8):
        places[:] = 0
        for k in range(n):
            places[(keys[k] >> shift) & 0xFF] += 1
        if places[(keys[0] >> shift) & 0xFF] == n:
            continue
        end = 0
        for digit in range(256):
            places[digit], end = end, end + places[digit]
        for k in range(n):
            digit = (keys[k] >> shift) & 0xFF
            spare[places[digit]] = keys[k]
            places[digit] += 1
        for k in range(n):
            keys[k] = spare[k]
    return min(n, count)


@compiled
def write_top_positions(bits: Int32s, positions: Int64s) -> None:
    """Write the positions of each row's largest numbers, largest first, of equal ones the first first, into
    `positions`, int64 [batch, count] with count <= n.

    `bits` int32 [batch, n] are those of float32 numbers, none of them NaN; 0 is larger than -0.
    """
    n, count = bits.shape[1], positions.shape[1]
    keys, spare = np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(len(bits)):
        for k in range(n):
            ordered = bits[i, k] if bits[i, k] >= 0 else bits[i, k] ^ 0x7FFFFFFF  # in the order of the numbers
            keys[k] = ((np.int64(_TOP) - ordered) << 31) | k
        smallest_first(keys, n, count, spare)
        for k in range(count):
            positions[i, k] = keys[k] & 0x7FFFFFFF


@compiled
def write_top_columns(
    offsets: Int64s,
    columns: Int32s,
    bits: Int32s,
    excluded_offsets: Int64s,
    excluded: Int32s,
    allowed: Bools,
    top: Int32s,
) -> None:
    """Write the columns of each sparse row's largest positive numbers, largest first, of equal ones the lower
    column first, into the front of a row of `top`, int32 [batch, count].

    `bits` int32 [entries] are those of float32 numbers; NaN is none. The excluded columns of row i are
    `excluded[excluded_offsets[i]:excluded_offsets[i + 1]]`, ascending. `allowed` bool is empty where everything is,
    otherwise all columns lie in it. What is behind the last column stays as it was.
    """
    count = top.shape[1]
    suspects = np.zeros(SUSPECTS, np.bool_)
    for i in range(len(top)):
        excluded_here = excluded[excluded_offsets[i] : excluded_offsets[i + 1]]
        for column in excluded_here:
            suspects[column & (SUSPECTS - 1)] = True
        n = offsets[i + 1] - offsets[i]
        keys, end = np.empty(n, np.int64), 0
        for k in range(offsets[i], offsets[i + 1]):
            column = columns[k]
            if not 0 < bits[k] <= _INFINITE or (len(allowed) > 0 and not allowed[column]):
                continue
            if suspects[column & (SUSPECTS - 1)]:
                at = np.searchsorted(excluded_here, column)
                if at < len(excluded_here) and excluded_here[at] == column:
                    continue
            keys[end] = ((np.int64(_TOP) - bits[k]) << 32) | column
            end += 1
        for column in excluded_here:
            suspects[column & (SUSPECTS - 1)] = False
        for k in range(smallest_first(keys, end, count, np.empty(n, np.int64))):
            top[i, k] = keys[k] & 0xFFFFFFFF
