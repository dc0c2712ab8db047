"""Arrays of a bundle with spare rows for new items. Pages that are not written to stay shared among processes.

Reading rows from such an array costs the same as from any other, whether they came with the bundle or later.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_MAP_FIXED = 0x10  # the mmap module does not name it; Linux and the BSDs agree on it
_FAILED = ctypes.c_void_p(-1).value


def map_with_spare_rows(path: Path, spare_rows: int) -> npt.NDArray[Any]:
    """The array of an .npy file, followed by `spare_rows` rows of zeros; writable, but writes never reach the file.

    Pages of the file are shared among processes until they are written to. Pages of the spare rows take no memory until
    then. An array in Fortran order cannot be extended in place and is copied as a whole. Raises ValueError for a file
    that does not hold a whole array of one dimension or more.
    """
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    if not mapped.ndim:
        raise ValueError("is a single number, which cannot have spare rows")
    shape = (len(mapped) + spare_rows, *mapped.shape[1:])
    if not isinstance(mapped, np.memmap) or not mapped.flags.c_contiguous:
        return _copied(mapped, shape)
    start, end = mapped.offset, mapped.offset + mapped.nbytes
    size = start + int(np.prod(shape)) * mapped.itemsize
    try:
        region = _region(path, end, size)
    except OSError:  # the platform or the file system does not support such a mapping
        return _copied(mapped, shape)
    return np.frombuffer(region, mapped.dtype, int(np.prod(shape)), start).reshape(shape)


def _copied(array: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    whole = np.zeros(shape, array.dtype)
    whole[: len(array)] = array
    return whole


def _region(path: Path, end: int, size: int) -> mmap.mmap:
    """`size` contiguous bytes: the first `end` are the file's, the others are zeros.

    Anonymous pages are reserved for all of it; the file is then mapped over the first of them. The region is unmapped
    as a whole when no array uses it any more.
    """
    region = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        view = ctypes.c_char.from_buffer(region)
        _map_over(ctypes.addressof(view), end, descriptor)
        del view
        if (over := min(os.fstat(descriptor).st_size, -(-end // mmap.PAGESIZE) * mmap.PAGESIZE) - end) > 0:
            stop = min(end + over, size)
            region[end:stop] = bytes(stop - end)  # the file's bytes behind its array are no rows
    finally:
        os.close(descriptor)
    return region


def _map_over(address: int, length: int, descriptor: int) -> None:
    """Map the first `length` bytes of a file copy-on-write over the mapping at `address`. Raises OSError."""
    try:
        map_memory = ctypes.CDLL(None, use_errno=True).mmap
    except (AttributeError, TypeError) as error:
        raise OSError("no mmap in the C library") from error
    map_memory.restype = ctypes.c_void_p
    map_memory.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    flags = mmap.MAP_PRIVATE | _MAP_FIXED
    mapped = map_memory(address, length, mmap.PROT_READ | mmap.PROT_WRITE, flags, descriptor, 0)
    if mapped == _FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
