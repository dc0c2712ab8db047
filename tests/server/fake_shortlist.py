"""The command `shortlist` over fakes: `python fake_shortlist.py serve ...` in place of `shortlist serve ...`.

Its workers, where there are several, are this program too.
"""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as `-P` leaves it out

import server_fakes

from shortlist_cli.main import run
from shortlist_cli.serve import Worker
from shortlist_server.base.settings import Settings
from shortlist_server.process import worker

AS_WORKER = "worker"


def load(bundle: Any, settings: Settings) -> Any:
    if gate := os.environ.get("FAKE_LOAD_GATE"):
        server_fakes.Gate(Path(gate)).wait()
    system = server_fakes.load(bundle)
    server_fakes.misbehave(system.ranker)  # once it is warmed
    return system


if __name__ == "__main__":
    if sys.argv[1:] == [AS_WORKER]:
        worker.main(load)
    else:
        run(Worker(load, (sys.executable, "-P", __file__, AS_WORKER)))
