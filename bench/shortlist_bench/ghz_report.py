"""What a run of ghz says: goodput, percentiles, errors, a plot; exit status 1 where it breaks a limit.

    python -m shortlist_bench.ghz_report run.json [--plot run.svg] [--min-goodput 50] [--max-errors 0.1] [--max-p99 80]

Percentiles are those of the OK answers. A second row counts every error as a call that is never answered, so that
errors cannot make a run look fast.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from shortlist_bench import ghz_plot

PERCENTILES = (50.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True)
class Run:
    """The calls of one run, in the order in which they ended."""

    title: str
    asked: float | None
    """Calls a second of a constant schedule; None where there is none."""
    sending: float
    """Seconds in which calls were begun; `seconds` has the wait for the last answers too."""
    seconds: float
    ends: npt.NDArray[np.float64]
    """Seconds since the first call ended."""
    millis: npt.NDArray[np.float64]
    statuses: npt.NDArray[np.str_]

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Which calls were answered."""
        return np.equal(self.statuses, "OK")

    @property
    def goodput(self) -> float:
        """OK answers a second."""
        return float(self.ok.sum() / self.seconds) if self.seconds else 0.0

    @property
    def error_percent(self) -> float:
        """How many of a hundred calls were not answered."""
        return float(100 * (~self.ok).mean()) if len(self.ok) else 0.0

    def percentile(self, percent: float, errors_too: bool = False) -> float:
        """Milliseconds in which so many percent were answered (nearest rank); infinite where they were not."""
        millis = np.where(self.ok, self.millis, math.inf) if errors_too else self.millis[self.ok]
        if not len(millis):
            return math.inf
        # Rounded first: 99.9 % of 1,000 are 999, not 999.0000000000001 and therefore 1,000.
        rank = max(math.ceil(round(percent * len(millis) / 100, 6)), 1)
        return float(np.sort(millis)[rank - 1])


def read(path: Path) -> Run:
    """A file that `ghz --format json` wrote. Raises ValueError, in words, for any other."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        details, options = report["details"] or [], report["options"]
        ends = [datetime.fromisoformat(each["timestamp"]).timestamp() for each in details]
        millis = [each["latency"] / 1e6 for each in details]
        statuses = [str(each["status"]) for each in details]
        order = np.argsort(ends)
        return Run(
            f"{report.get('name') or path.stem}, {options['call']}",
            float(options["rps"]) if options.get("rps") and options.get("load-schedule") == "const" else None,
            options.get("duration", report["total"]) / 1e9,
            report["total"] / 1e9,
            np.array(ends)[order] - min(ends, default=0.0),
            np.array(millis)[order],
            np.array(statuses, dtype=np.str_)[order],
        )
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f"{path} is not what `ghz --format json` writes") from None


def lines(run: Run) -> list[str]:
    """The report, for people."""
    failed = Counter(run.statuses[~run.ok].tolist())
    listed = "".join(f"  {status} {count:,}" for status, count in failed.most_common())
    wanted = f", {run.asked:g} a second asked for" if run.asked else ""
    text = [
        f"{run.title}: {len(run.ok):,} calls in {run.seconds:.1f} s{wanted}",
        f"goodput   {run.goodput:8.1f} OK answers a second ({run.ok.sum():,})",
        f"errors    {run.error_percent:8.2f} %{listed}",
        "milliseconds" + "".join(f"{f'p{percent:g}':>10}" for percent in PERCENTILES),
        "OK answers  " + "".join(f"{shown(run.percentile(percent)):>10}" for percent in PERCENTILES),
        "all calls   " + "".join(f"{shown(run.percentile(percent, True)):>10}" for percent in PERCENTILES),
        "(all calls: an error counts as never answered)",
    ]
    if run.asked and len(run.ok) < 0.95 * run.asked * run.sending:
        text.append("CAUTION: fewer calls were made than asked for; those not made are in no percentile")
    return text


def shown(millis: float) -> str:
    """Milliseconds in a table."""
    return f"{millis:.2f}" if math.isfinite(millis) else "never"


def broken(run: Run, limits: argparse.Namespace) -> list[str]:
    """A line per limit that the run breaks."""
    found = []
    if limits.min_goodput is not None and run.goodput < limits.min_goodput:
        found.append(f"goodput {run.goodput:.1f} is below {limits.min_goodput:g} OK answers a second")
    if limits.max_errors is not None and run.error_percent > limits.max_errors:
        found.append(f"errors {run.error_percent:.2f} % are above {limits.max_errors:g} %")
    for percent in PERCENTILES:
        limit, took = getattr(limits, f"p{percent:g}"), run.percentile(percent)
        if limit is not None and took > limit:
            found.append(f"p{percent:g} {shown(took)} is above {limit:g} ms")
    return found


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def limit(text: str) -> float:
    """A number to hold a run against."""
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError
    return value


def main() -> None:
    """Print the report of a run, draw it, hold it against the limits."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="what ghz wrote with --format json")
    parser.add_argument("--plot", type=Path, metavar="SVG", help="draw rates and latencies over time")
    parser.add_argument("--min-goodput", type=limit, metavar="N", help="OK answers a second")
    parser.add_argument("--max-errors", type=limit, metavar="PERCENT", help="of all calls")
    for percent in PERCENTILES:
        name = f"p{percent:g}"
        parser.add_argument(f"--max-{name}", type=limit, metavar="MS", dest=name, help="of OK answers")
    arguments = parser.parse_args()
    try:
        run = read(arguments.run)
        if arguments.plot:
            arguments.plot.write_text(ghz_plot.svg(run.title, run.ends, run.millis, run.ok), encoding="utf-8")
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{arguments.plot}: {error.strerror}")
    print("\n".join(lines(run)))
    failures = broken(run, arguments)
    print("".join(f"LIMIT: {failure}\n" for failure in failures), end="")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
