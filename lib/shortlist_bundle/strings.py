"""Millions of strings in memory-mapped arrays, and an exact lookup from an id to its row.

Strings are stored one after another as UTF-8 in one byte array: `offsets[i]` to `offsets[i + 1]` is string i. The
lookup is a sorted array of 64-bit BLAKE2b hashes with the row of each. After a binary search the strings themselves are
compared, so ids with equal hashes are told apart. Python objects are made only for the strings that are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from shortlist_core.errors import DataError
from shortlist_core.types import NO_ITEM, Bytes, Int32s, Int64s, UInt64s, distinct
from shortlist_kernels.strings import write_bounds, write_rows_of_ids

Spans = tuple[Bytes, Int64s, Int64s]
"""Strings as UTF-8: the bytes, and where each string begins and ends in them, int64 [strings]."""

_BULK = 1 << 16  # ids looked up at once: bounds the memory of looking up millions


def encode(strings: Sequence[str]) -> tuple[Bytes, Int64s]:
    """The strings as UTF-8: uint8 [bytes] and offsets int64 [strings + 1]. A lone surrogate raises ValueError."""
    return joined([string.encode() for string in strings])


def joined(parts: Sequence[bytes | memoryview]) -> tuple[Bytes, Int64s]:
    """The parts one after another, uint8 [bytes], and offsets int64 [parts + 1]."""
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=len(parts)), out=offsets[1:])
    return np.frombuffer(b"".join(parts), dtype=np.uint8), offsets


def decode(spans: Spans) -> list[str]:
    """The strings of the spans."""
    return [str(part, "utf-8") for part in parts(spans)]


def parts(spans: Spans) -> list[memoryview]:
    """The bytes of each string, not copied."""
    blob, starts, ends = spans
    text = blob.data
    return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def hash_ids(ids: Sequence[str]) -> UInt64s:
    """The 64-bit hash of each id, uint64 [ids]; equal on every machine and in every version."""
    return np.frombuffer(b"".join(map(_digest, ids)), dtype="<u8").astype(np.uint64, copy=False)


def build_lookup(ids: Sequence[str]) -> tuple[UInt64s, Int32s]:
    """Sorted hashes uint64 [ids] and the row of each, int32 [ids]. An id that occurs twice raises DataError."""
    hashes = hash_ids(ids)
    rows = np.argsort(hashes, kind="stable").astype(np.int32)
    hashes = hashes[rows]
    for at in np.flatnonzero(hashes[1:] == hashes[:-1]):
        end = int(np.searchsorted(hashes, hashes[at], side="right"))
        if ids[rows[at]] in {ids[row] for row in rows[at + 1 : end]}:
            raise DataError(f"the id {ids[rows[at]]!r} occurs more than once")
    return hashes, rows


def _digest(id: str) -> bytes:
    return blake2b(id.encode(), digest_size=8).digest()


class Strings(Sequence[str]):
    """A read-only list of strings over memory-mapped arrays."""

    def __init__(self, blob: Bytes, offsets: Int64s) -> None:
        if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(blob):
            raise ValueError(f"offsets do not span the {len(blob)} bytes of text")
        self._blob = blob
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> str:  # type: ignore[override]  # no slices: `take` copies explicitly
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)} strings")
        return self._bytes(row % len(self)).decode()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BULK):
            yield from self.take(np.arange(start, min(start + _BULK, len(self))))

    def take(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> list[str]:
        """The strings at `rows`, in that order; a row outside raises IndexError, NO_ITEM too."""
        return decode(self.spans(rows))

    def spans(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> Spans:
        """As `take`, as UTF-8 spans instead of strings."""
        at = np.asarray(rows, dtype=np.int64)
        begins, ends = np.empty(len(at), np.int64), np.empty(len(at), np.int64)
        if not write_bounds(self._offsets, at, begins, ends):
            raise IndexError(f"rows {at.min()} to {at.max()} of {len(self)} strings")
        return self._blob, begins, ends

    def _bytes(self, row: int) -> bytes:
        return self._blob[self._offsets[row] : self._offsets[row + 1]].tobytes()


class Ids(Strings):
    """Distinct strings, with the lookup from an id to its row."""

    def __init__(self, blob: Bytes, offsets: Int64s, hashes: UInt64s, rows: Int32s) -> None:
        super().__init__(blob, offsets)
        if not len(hashes) == len(rows) == len(self):
            raise ValueError(f"{len(hashes)} hashes and {len(rows)} rows for {len(self)} ids")
        self._hashes = hashes
        self._rows = rows

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.row(id) != NO_ITEM

    def row(self, id: str) -> int:
        """The row of an id, NO_ITEM where there is no such id."""
        return int(self.rows([id])[0])

    def rows(self, ids: Sequence[str]) -> Int32s:
        """The row of each id, int32 [ids], NO_ITEM where there is no such id."""
        found = np.empty(len(ids), np.int32)
        for start in range(0, len(ids), _BULK):
            some = ids[start : start + _BULK]
            write_rows_of_ids(
                self._hashes, self._rows, self._blob, self._offsets, hash_ids(some), *encode(some), found[start:]
            )
        return found

    def rows_of_hashes(self, hashes: UInt64s) -> Int32s:
        """The rows of all ids that have one of these hashes of `hash_ids`: int32, ascending and distinct."""
        wanted = np.sort(hashes)
        begins = np.searchsorted(self._hashes, wanted)
        counts = np.searchsorted(self._hashes, wanted, side="right") - begins
        at = np.arange(counts.sum()) + np.repeat(begins - (np.cumsum(counts) - counts), counts)
        return distinct(self._rows[at])
