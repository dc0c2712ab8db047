"""Put on PYTHONPATH by tests that start processes: there, the fakes stand in for retrieval and ranking."""

import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import server_fakes

# The package without its __init__, which loads TensorFlow: the one module of it that is used here needs none.
sys.modules["ranking"] = types.ModuleType("ranking")
sys.modules["ranking"].__path__ = [str(Path(__file__).parents[3] / "ranking")]
for module, kind in (
    ("layers.new_items", server_fakes.NewItems),
    ("retrieval.retriever", server_fakes.Retriever),
    ("ranking.ranker", server_fakes.Ranker),
):
    sys.modules[module] = types.ModuleType(module)
    setattr(sys.modules[module], kind.__name__, kind)
