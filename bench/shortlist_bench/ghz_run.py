"""One load test: a real server on loopback, messages for users and items of its bundle, a warm-up, and ghz.

    python -m shortlist_bench.ghz_run --bundles bundles --scenario recommend --load const [--workers 1] [-- FLAGS]

A scenario is a file of bench/ghz: a method, its deadline as in the clients, and a template of its message. In it "USER"
and "ITEM" stand for ids drawn from the bundle and "100 ITEMS" for a list of different ones, anew for each of a thousand
messages; what stands in {{}} is filled in by ghz for each call. A load is a file of bench/ghz/load, in the words of
ghz's own configuration.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shortlist_bench.ghz_report import Parser
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_core.errors import ShortlistError
from shortlist_core.processes import python_module

FOLDER = Path(__file__).parents[1] / "ghz"
SCENARIOS = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
LOADS = {path.stem: path for path in sorted((FOLDER / "load").glob("*.json"))}
MESSAGES, STREAM_MESSAGES = 1_000, 32
COMMON = {"insecure": True, "duration-stop": "wait"}
"""At the end ghz waits for answers: cut off, they would count as errors."""


class Drawn:
    """Fills templates with ids of users and items, at random, the same ones in every run."""

    def __init__(self, users: Sequence[str], items: Sequence[str]) -> None:
        self._users, self._items = users, items
        self._random = np.random.default_rng(0)

    def message(self, template: Any) -> Any:
        """One message."""
        if isinstance(template, dict):
            return {name: self.message(value) for name, value in template.items()}
        if isinstance(template, list):
            return [self.message(value) for value in template]
        if template == "USER":
            return self._ids(self._users, 1)[0]
        if template == "ITEM":
            return self._ids(self._items, 1)[0]
        if isinstance(template, str) and (several := re.fullmatch(r"(\d+) ITEMS", template)):
            return self._ids(self._items, int(several[1]))
        return template

    def _ids(self, ids: Sequence[str], count: int) -> list[str]:
        drawn = self._random.choice(len(ids), min(count, len(ids)), replace=False)
        # ghz takes {{ for the beginning of an action; this action prints it.
        return [ids[each].replace("{{", "{{`{{`}}") for each in drawn]


def configuration(scenario: str, load: str, drawn: Drawn) -> tuple[dict[str, Any], list[Any]]:
    """What ghz is told, and the messages; of a stream, those of every call: all of them."""
    settings = json.loads(SCENARIOS[scenario].read_text(encoding="utf-8"))
    template = settings.pop("data")
    count = STREAM_MESSAGES if settings["call"].endswith("/StreamRecommend") else MESSAGES
    settings |= json.loads(LOADS[load].read_text(encoding="utf-8"))
    return {"name": f"{scenario} {load}", **COMMON, **settings}, [drawn.message(template) for _ in range(count)]


@contextmanager
def server(bundles: Path, workers: int) -> Iterator[str]:
    """A process of `shortlist serve` with a state of its own; gives its address, drains it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = python_module("shortlist_cli.main", "serve", "--bundles", str(bundles), "--address", "127.0.0.1:0")
        command += ["--state", f"sqlite:{folder}/state.sqlite", "--workers", str(workers), "--log-level", "error"]
        command += ["--reuse", "0"]  # a server is measured by the answers that it makes
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("SERVING on "):
                sys.exit("the server did not start")
            yield line.removeprefix("SERVING on ").split(": ")[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def call(command: list[str], stdout: int | None = None) -> None:
    """Run ghz, which says itself what is wrong."""
    if status := subprocess.run(command, stdout=stdout).returncode:
        sys.exit(f"ghz ended with status {status}")


def main() -> None:
    """Write the configuration, the messages and ghz's own report into the folder `--out`."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--ghz", default="ghz", help="the program")
    parser.add_argument("--bundles", type=Path, required=True)
    parser.add_argument("--scenario", choices=SCENARIOS, required=True)
    parser.add_argument("--load", choices=LOADS, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/ghz"))
    parser.add_argument("flags", nargs="*", help="further flags of ghz; they override the files'")
    arguments = parser.parse_args()
    try:
        bundle = BundleStore(arguments.bundles).load()
        drawn = Drawn(Histories.load(bundle).ids, ItemTable.load(bundle).ids)
    except ShortlistError as error:
        parser.error(str(error))
    settings, messages = configuration(arguments.scenario, arguments.load, drawn)
    arguments.out.mkdir(parents=True, exist_ok=True)
    run = arguments.out / f"{arguments.scenario}-{arguments.load}.json"
    data, config = run.with_suffix(".data.json"), run.with_suffix(".config.json")
    data.write_text(json.dumps(messages), encoding="utf-8")
    config.write_text(json.dumps({**settings, "data-file": str(data)}, indent=1), encoding="utf-8")
    warm_up = [
        "--call",
        settings["call"],
        "--data-file",
        str(data),
        "--insecure",
        "--total",
        "200",
        "--concurrency",
        "4",
    ]
    with server(arguments.bundles, arguments.workers) as address:
        call([arguments.ghz, *warm_up, address], stdout=subprocess.DEVNULL)
        measured = ["--config", str(config), *arguments.flags, "--format", "json", "--output", str(run), address]
        call([arguments.ghz, *measured])


if __name__ == "__main__":
    main()
