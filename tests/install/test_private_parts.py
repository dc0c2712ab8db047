"""What we use of libraries beyond their documented interfaces. Each such library has an upper bound in pyproject.toml.

Before a bound is raised, these tests say whether the new version still does what we rely on, and what breaks if not.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
BOUNDED = [
    "faiss-cpu",
    "grpcio",
    "implicit",
    "prometheus-client",
    "tensorflow-cpu",
    "tensorflow[and-cuda]",
    "typer",
]
PRIVATE_IMPORTS = {
    *("grpc._cython", "grpc.aio._server"),  # relied on in tests/server/rpc/test_grpc_server.py
    *("typer._completion_classes", "typer._completion_shared"),  # relied on in tests/cli/test_completion.py
}


@pytest.mark.parametrize("library", BOUNDED)
def test_the_library_has_an_upper_bound(library: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["cpu"]]
    required += project["optional-dependencies"]["gpu"]
    (bounds,) = (each.removeprefix(library) for each in required if re.match(re.escape(library) + "[<>=]", each))
    assert "<" in bounds, f"{library} is used beyond its documented interface: it needs an upper bound"


def test_no_other_private_module_is_imported() -> None:
    found = {
        name
        for folder in ("server", "retrieval", "ranking", "lib", "bench", "client/python/shortlist")
        for path in (ROOT / folder).rglob("*.py")
        if "v1" not in path.parts
        for name in _imports(ast.parse(path.read_text()))
        if re.search(r"(^|\.)_[a-z]", name)
    }
    assert found == PRIVATE_IMPORTS, "announce it here: an upper bound, and a test of what is relied on"


def test_the_metrics_of_a_process_are_files_that_can_be_added_up(tmp_path: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

    broken = "the supervisor loses what dead workers counted: server/shortlist_server/observe/shared_metrics.py"
    key = mmap_key("calls", "calls_total", ("method",), ("Rank",), "Calls.")
    for name, value in (("counter_7", 2.0), ("counter_dead", 3.0), ("gauge_livesum_7", 1.0)):
        with closing(MmapedDict(str(tmp_path / f"{name}.db"))) as numbers:
            numbers.write_value(key, value, 0.0)
            assert numbers.read_value(key)[0] == value, broken
    ((read, value, _, position),) = MmapedDict.read_all_values_from_file(str(tmp_path / "counter_7.db"))
    assert (read, value) == (key, 2.0), broken
    used = int.from_bytes((tmp_path / "counter_7.db").read_bytes()[:4], "little")
    assert position + 16 == used, "room for metrics is reckoned wrongly: shared_metrics._length"
    mark_process_dead(7, str(tmp_path))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["counter_7", "counter_dead"], broken
    (metric,) = MultiProcessCollector(None, str(tmp_path)).collect()
    assert [sample.value for sample in metric.samples] == [5.0], broken


def test_a_mapped_faiss_index_has_its_lists_in_one_stretch_of_memory(tmp_path: Path) -> None:
    import faiss

    dim, lists = 8, 4
    vectors = np.random.default_rng(0).normal(size=(100, dim)).astype(np.float32)
    own = np.arange(100, dtype=np.int64) % lists
    centres = faiss.IndexFlatIP(dim)
    centres.add(vectors[:lists])
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(centres, dim, lists, kind, faiss.METRIC_INNER_PRODUCT, False)
    index.train(vectors[:1])
    index.add_core(100, faiss.swig_ptr(vectors), None, faiss.swig_ptr(own))  # vectors into lists of our choice
    faiss.write_index(index, str(tmp_path / "index"))
    mapped = faiss.read_index(str(tmp_path / "index"), faiss.IO_FLAG_MMAP_IFC)
    starts = [int(mapped.invlists.get_codes(number)) for number in range(lists)]
    # A list's codes, its ids, and what says how long it is.
    assert 0 < max(starts) - min(starts) < 100 * (2 * dim + 8) + 64 * lists, "vectors are not found where they were"
    begin, size = min(starts), max(starts) - min(starts) + 25 * 2 * dim
    assert not any((start - begin) % 8 for start in starts), "places are counted in eights: listed_vectors.UNIT"
    region = faiss.rev_swig_ptr(mapped.invlists.get_codes(starts.index(begin)), size).view(np.float16)
    for number, start in enumerate(starts):
        ids = faiss.rev_swig_ptr(mapped.invlists.get_ids(number), mapped.invlists.list_size(number))
        codes = region[(start - begin) // 2 :][: 25 * dim].reshape(25, dim)
        assert ids.tolist() == np.flatnonzero(own == number).tolist()
        assert np.array_equal(codes, vectors[ids].astype(np.float16)), "index/inverted_lists.py reads wrong vectors"


def test_implicit_has_its_models_for_processors_and_all_pairs() -> None:
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.cpu.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import all_pairs_knn, tfidf_weight

    matrix = sp.random(20, 12, 0.4, format="csr", dtype=np.float32, random_state=0)
    for kind in (AlternatingLeastSquares, BayesianPersonalizedRanking):
        with threadpool_limits(1, "blas"):  # or it warns
            model = kind(4, num_threads=1)
            model.fit(matrix, show_progress=False)
        assert isinstance(model.item_factors, np.ndarray) and len(model.item_factors) == 12, "sources/als.py, baselines"
        assert isinstance(model.user_factors, np.ndarray) and len(model.user_factors) == 20, "baselines.py"
    items = tfidf_weight(matrix.T.astype(np.float64)).tocsr()
    nearest = all_pairs_knn(items.T.tocsr(), 12, show_progress=False, num_threads=1)
    assert np.allclose(nearest.toarray(), (items @ items.T).toarray()), "evaluation/baselines.py: ItemKNN"


@pytest.mark.system  # the first import of TensorFlow asks `uname`
def test_tensorflow_reads_memory_that_it_is_lent() -> None:
    import tensorflow as tf

    spare = np.zeros(64, np.float32)
    memory = spare[-spare.ctypes.data % 64 // 4 :][:32]  # begins where TensorFlow needs no copy
    lent = tf.experimental.dlpack.from_dlpack(memory.__dlpack__())
    doubled = tf.function(lambda: 2 * lent, jit_compile=True, autograph=False).get_concrete_function()
    memory[:] = 1
    assert np.asarray(doubled()).tolist() == [2.0] * 32, "the ranker scores old inputs: ranking/compiled_scorer.py"


def test_typer_makes_a_command_that_another_can_stand_for() -> None:
    import typer
    from typer.core import TyperCommand, TyperGroup

    app = typer.Typer()
    app.command("one")(lambda: None)
    app.command("two")(lambda: None)
    group = typer.main.get_group(app)
    assert isinstance(group, TyperGroup) and {"one", "two"} <= group.commands.keys()
    assert isinstance(group.commands["one"], TyperCommand) and callable(group.commands["one"].make_context)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name.startswith("_"))
