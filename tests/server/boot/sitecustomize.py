"""Put on PYTHONPATH by tests that start processes: there, the fakes stand in for retrieval and ranking."""

import sys
import types
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import server_fakes

# The packages without their __init__, which load TensorFlow: the modules of them that are used here need none.
for package in ("ranking", "retrieval"):
    name = f"shortlist_{package}"
    folders = find_spec(name).submodule_search_locations  # wherever it is installed
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = list(folders)
for module, kind in (
    ("shortlist_layers.new_items", server_fakes.NewItems),
    ("shortlist_retrieval.retriever", server_fakes.Retriever),
    ("shortlist_ranking.ranker", server_fakes.Ranker),
):
    sys.modules[module] = types.ModuleType(module)
    setattr(sys.modules[module], kind.__name__, kind)
