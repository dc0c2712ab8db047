"""A small and a large index over the same vectors, built once, and the large one as it is loaded."""

import sys
from pathlib import Path

import numpy as np
import pytest

from shortlist_retrieval.index.vector_index import VectorIndex

sys.path.append(str(Path(__file__).parent))

from exact_search import DIM, MANY, unit


@pytest.fixture(scope="session")
def vectors():
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(300, DIM))
    return unit(centres[generator.integers(300, size=MANY)] + 0.6 * generator.normal(size=(MANY, DIM)))


@pytest.fixture(scope="session")
def queries(vectors):
    generator = np.random.default_rng(1)
    return unit(vectors[generator.integers(MANY, size=50)] + 0.05 * generator.normal(size=(50, DIM)))


@pytest.fixture(scope="session")
def large(vectors):
    return VectorIndex.build(vectors)


@pytest.fixture(scope="session")
def small(vectors):
    return VectorIndex.build(vectors[:500])


@pytest.fixture
def loaded(large, stored):
    return VectorIndex.load(stored(lambda writer: large.write(writer, "retrieval/x")), "retrieval/x")
