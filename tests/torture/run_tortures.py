"""`python tests/torture/run_tortures.py [NAME ...]`: run tortures in full and write down what came of them.

A torture is a file `torture_NAME.py` beside this one with TITLE, a docstring that says what must hold, the arguments
FULL and SHORT, and `torture(folder, seed, **arguments)`, which raises where something does not hold and returns lines
of what was counted. Each has its section in docs/reference/reliability.md, which a run of it replaces.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import random
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from shortlist_reference.paragraphs import wrapped

HERE = Path(__file__).parent
REPORT = HERE.parents[1] / "docs/reference/reliability.md"
INTRODUCTION = """# Reliability

What was done to a server on purpose, and what came of it. Each section is written by one torture of `tests/torture`:
`make torture` runs them all and renews this page, `make torture ONLY=bundle_swaps SEED=1` one of them. `make test` runs
each in a short form.
"""

sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "server")]

NAMES = sorted(path.stem.removeprefix("torture_") for path in HERE.glob("torture_*.py"))


def module(name: str) -> ModuleType:
    """The torture of that name."""
    return importlib.import_module(f"torture_{name}")


def run(name: str, seed: int) -> list[str]:
    """Run one torture in full; the lines of its section."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counted = module(name).torture(Path(folder), seed, **module(name).FULL)
    took = time.monotonic() - started
    when = f"{datetime.now(UTC):%Y-%m-%d}, seed {seed}, {took:.0f} s, Python {platform.python_version()}"
    return [wrapped(f"- {line}", "  ") for line in (*counted, when)]


def write(report: Path, name: str, lines: list[str]) -> None:
    """Put one section into the report, in the place of the older one if there is one."""
    text = report.read_text() if report.exists() else INTRODUCTION
    introduction, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    sections = {part.splitlines()[0]: part.rstrip() + "\n" for part in parts}
    heading = f"## {module(name).TITLE}"
    says = (module(name).__doc__ or "").strip()
    sections[heading] = "\n".join([heading, "", says, "", *lines]) + "\n"
    order = [f"## {module(each).TITLE}" for each in NAMES]
    ordered = sorted(sections, key=lambda each: (order.index(each) if each in order else len(order), each))
    report.write_text("\n".join([introduction.rstrip() + "\n", *(sections[each] for each in ordered)]))


def main() -> None:
    """Run the tortures that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="left out: all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    for name in arguments.names or NAMES:
        print(f"{name}: {(module(name).__doc__ or '').splitlines()[0]}", flush=True)
        lines = run(name, arguments.seed)
        print("\n".join(f"  {line}" for line in lines), flush=True)
        write(REPORT, name, lines)


if __name__ == "__main__":
    main()
