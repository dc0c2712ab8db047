"""Spare rows behind the arrays of a bundle: writes are private, everything else stays shared."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_bundle import spare_rows
from shortlist_bundle.spare_rows import map_with_spare_rows
from shortlist_core.errors import BundleRefusedError


@pytest.fixture
def saved(tmp_path: Path):
    def save(array, name="array") -> Path:
        path = tmp_path / f"{name}.npy"
        np.save(path, array, allow_pickle=False)
        return path

    return save


@pytest.fixture(params=["mapped", "copied"])
def way(request, monkeypatch):
    """Both of the ways in which it may be done."""
    if request.param == "copied":

        def refuse(*_):
            raise OSError("not here")

        monkeypatch.setattr(spare_rows, "_map_over", refuse)
    return request.param


PAGE = mmap.PAGESIZE
SHAPES = [(0,), (0, 7), (1,), (3, 5), (PAGE // 8 - 16,), (PAGE // 8 - 15,), (PAGE, 3), (7, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [0, 1, 5_000])
def test_the_rows_are_those_of_the_file_and_zeros_behind(saved, way, shape, rows):
    array = np.random.default_rng(0).normal(size=shape)
    found = map_with_spare_rows(saved(array), rows)
    assert found.shape == (shape[0] + rows, *shape[1:]) and found.dtype == array.dtype
    assert np.array_equal(found[: shape[0]], array) and not found[shape[0] :].any()
    found[:] = 1
    assert (found == 1).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "int64", "<f4", ">f4", "S3"])
def test_every_type_and_order(saved, way, dtype, order):
    array = np.asarray(np.arange(60).reshape(20, 3) % 2, dtype, order=order)
    found = map_with_spare_rows(saved(array), 4)
    assert found.dtype == array.dtype and np.array_equal(found[:20], array)
    assert found.flags.c_contiguous and found.flags.writeable


def test_the_file_and_other_mappings_do_not_see_what_is_written(saved, way):
    array = np.arange(30_000.0).reshape(10_000, 3)
    path = saved(array)
    before = path.read_bytes()
    one, other = map_with_spare_rows(path, 10), map_with_spare_rows(path, 10)
    one[::100] = -1
    one[-10:] = -2
    assert np.array_equal(other[:10_000], array) and not other[10_000:].any()
    assert np.array_equal(np.load(path, mmap_mode="r"), array)
    assert path.read_bytes() == before


def test_pages_that_nobody_wrote_to_are_not_ones_own(saved):
    array = map_with_spare_rows(saved(np.zeros(4 << 20, np.uint8)), 4 << 20)
    assert not array.any()
    array[0] = 1
    lines = Path("/proc/self/smaps").read_text().splitlines() if Path("/proc/self/smaps").exists() else []
    if not lines:
        pytest.skip("there is no /proc here")
    at = next(i for i, line in enumerate(lines) if "array.npy" in line)
    own = next(line for line in lines[at:] if line.startswith("Anonymous"))
    assert 0 < int(own.split()[1]) * 1024 <= 2 * PAGE


def test_the_array_outlives_whoever_made_it(saved):
    views = [map_with_spare_rows(saved(np.full(5_000, i), f"array{i}"), 3)[i:] for i in range(20)]
    assert [int(view[0]) for view in views] == list(range(20))


def test_what_a_file_holds_behind_its_array_is_no_row(saved, way):
    path = saved(np.ones(100))
    with path.open("ab") as file:
        file.write(b"\xff" * 10_000)
    assert not map_with_spare_rows(path, 2_000)[100:].any()


@given(st.integers(0, 300))
def test_a_truncated_file_is_refused(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("room") / "array.npy"
    np.save(path, np.arange(40.0))
    path.write_bytes(path.read_bytes()[:-1][: -cut or None])
    with pytest.raises(ValueError):
        map_with_spare_rows(path, 3)


def test_what_has_no_rows_is_refused(saved):
    with pytest.raises(ValueError, match="single number"):
        map_with_spare_rows(saved(np.float64(3)), 2)


def test_a_bundle_gives_room(stored):
    bundle = stored(lambda writer: [writer.array("x", np.arange(3)), writer.array("one", np.float64(1))])
    array = bundle.array("x", spare_rows=2)
    array[1:] = 9
    assert array.tolist() == [0, 9, 9, 9, 9] and bundle.array("x").tolist() == [0, 1, 2]
    assert bundle.array("x", spare_rows=0).flags.writeable and not bundle.array("x").flags.writeable
    with pytest.raises(BundleRefusedError, match=r"one\.npy"):
        bundle.array("one", spare_rows=1)
