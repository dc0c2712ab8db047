"""Freed memory stays with the process, so that it is not cleared anew for every large array."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.system

PROGRAM = """
import resource, sys
import numpy as np
from shortlist_core.allocator import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(8_000_000)
before = faults()
for _ in range(20):
    np.ones(8_000_000)
print(faults() - before)
"""


def faults(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True).stdout)


def test_large_arrays_do_not_take_new_pages() -> None:
    assert faults("kept") < faults("returned") / 10
