"""`kill -9` of a process that publishes, activates, rolls back and prunes bundles, at moments spread over all of that,
while a server follows the folder; and of `shortlist data synthetic-vectors` from the moment on at which it writes.
Afterwards the current bundle is the old or the new one and every file of every bundle is as its manifest says, what was
reported is there, the server answers, and the next publisher finds no lock and clears up.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import server_fakes as fakes
from shop_server import Shop
from shortlist import Client, Options
from waiting import eventually

from shortlist_bundle import BundleStore
from shortlist_core.processes import python_module

TITLE = "Kills during publishing"
FULL = {"kills": 100, "commands": 20}
SHORT = {"kills": 3, "commands": 1}


PUBLISHER = """
import itertools, sys
from pathlib import Path
import server_fakes as fakes
from shortlist_bundle import BundleStore

store = BundleStore(Path(sys.argv[1]))

def step(name, target, work):
    print("begin", name, target, sep="\t", flush=True)
    done = work()
    print("end", name, target or done, sep="\t", flush=True)

def publish(activate):
    known = set(store.versions())
    fakes.publish(store.directory, next(points), activate)
    [version] = set(store.versions()) - known
    return version

points = itertools.cycle([0.01, 0.02, 0.005])
print("ready", flush=True)
while True:
    step("publish", "", lambda: publish(activate=True))
    step("publish beside", "", lambda: publish(activate=False))
    step("activate", (newest := store.versions()[-1]), lambda: store.activate(newest))
    step("roll back", store.rollback_target(), store.rollback)
    step("prune", "", lambda: len(store.prune(keep=3)))
"""


def torture(folder: Path, seed: int, kills: int, commands: int) -> list[str]:
    """Kill so many publishers and so many commands; what was counted. AssertionError where anything is not whole."""
    draw = random.Random(seed)
    told, left = _kill_publishers(folder / "shop", kills, draw)
    during = ", ".join(f"{step} {count:,}" for step, count in told.most_common())
    lines = [
        f"a publisher beside a server: killed {kills:,} times, at {during}",
        f"{left:,} of them left something behind, which the next publisher cleared up",
    ]
    left = _kill_commands(folder / "synthetic", commands, draw)
    return [*lines, f"`shortlist data synthetic-vectors`: killed {commands:,} times, {left:,} left something behind"]


@dataclass
class ExpectedFolder:
    """What has to be in a folder of bundles, by what its publishers said."""

    store: BundleStore
    current: str
    published: set[str] = field(default_factory=set)  # and not pruned, as far as was said

    def follow(self, lines: Sequence[str]) -> str:
        """Take in what a killed publisher said, and compare; the step that it was killed at."""
        known, targets, at = set(self.published), {self.current}, "between steps"
        for line in lines:
            moment, step, target = line.removesuffix("\n").split("\t")
            at = step if moment == "begin" else "between steps"
            if at == "prune":  # what is gone from here on was to go
                self.published = set()
            if moment == "end" and step in ("publish", "publish beside"):
                known.add(target)
                self.published.add(target)
            if moment == "end" and step in ("publish", "activate", "roll back"):
                self.current = target
            targets = {self.current, target} if at in ("activate", "roll back") else {self.current}
        there = set(self.store.versions())
        if at == "publish":
            targets |= there - known
        now = self.store.current()
        assert now in targets, f"killed while at {at!r}, {now} is current and not one of {targets}"
        assert self.published <= there, f"killed while at {at!r}, {self.published - there} was published and is gone"
        for version in there:
            self.store.verify(version)
        self.store.load()
        self.current, self.published = now, there
        return at


def _kill_publishers(folder: Path, kills: int, draw: random.Random) -> tuple[Counter[str], int]:
    """How many were killed at which step, and how many left something behind."""
    shop = Shop.publish(folder)
    expected = ExpectedFolder(shop.bundles, shop.bundles.current() or "")
    round_seconds = _round_seconds(shop.bundles.directory)
    expected.current, expected.published = shop.bundles.current() or "", set(shop.bundles.versions())
    told, left = Counter[str](), 0
    with shop.serve(workers=1) as address, Client(address, Options(timeout=60, max_attempts=1)) as client:
        for number in range(kills):
            publisher = _publisher(shop.bundles.directory)
            time.sleep(draw.uniform(0, round_seconds))  # any moment of its work
            told[expected.follow(_end(publisher))] += 1
            left += bool(_left_behind(shop.bundles))
            answer = client.recommend(f"u{number}", 5)
            points = {round(item.score / int(item.item_id[1:]), 6) for item in answer.items}
            assert len(points) == 1 and not answer.degraded, f"not an answer of one bundle: {answer}"
            _publish_again(shop.bundles)
            expected.current, expected.published = shop.bundles.current() or "", set(shop.bundles.versions())
    return told, left


def _publisher(folder: Path) -> subprocess.Popen[str]:
    """A process that is about to begin its first step."""
    search = f"import sys; sys.path.insert(0, {str(Path(fakes.__file__).parent)!r})\n"
    command = [sys.executable, "-P", "-c", search + PUBLISHER, str(folder)]
    publisher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert publisher.stdout is not None
    assert publisher.stdout.readline() == "ready\n"
    return publisher


def _end(publisher: subprocess.Popen[str]) -> list[str]:
    """Kill it; the whole lines that it said."""
    publisher.kill()
    assert publisher.stdout is not None
    lines = [line for line in publisher.stdout.readlines() if line.endswith("\n")]
    publisher.wait()
    return lines


def _round_seconds(folder: Path) -> float:
    """How long a publisher takes for all of its steps once."""
    publisher, started = _publisher(folder), time.monotonic()
    assert publisher.stdout is not None
    while not (line := publisher.stdout.readline()).startswith("end\tprune"):
        assert line, "the publisher ended by itself"
    took = time.monotonic() - started
    _end(publisher)
    return took


def _left_behind(store: BundleStore) -> set[str]:
    """What is neither a bundle nor one of the files that are always there or overwritten the next time."""
    names = {entry.name for entry in store.directory.iterdir() if entry.name.startswith(".")}
    return names - {".lock", ".CURRENT.new", ".LABELS.new"}


def _publish_again(store: BundleStore) -> None:
    """The folder is no worse for the kill: publishing works at once, and what was left behind goes."""
    fakes.publish(store.directory)
    assert not _left_behind(store), f"not cleared up: {_left_behind(store)}"
    store.prune(keep=3)


def _kill_commands(folder: Path, commands: int, draw: random.Random) -> int:
    """Kill the command somewhere between its first file and its end; how many left something behind."""
    store, left = BundleStore(folder), 0
    seconds = _until_it_ends(_command(folder, 0))
    for number in range(1, commands + 1):
        before, known = store.current(), set(store.versions())
        command = _command(folder, number)
        time.sleep(draw.uniform(0, seconds))  # any moment of its work
        command.kill()
        command.wait()
        assert store.current() in {before, *store.versions()} - (known - {before}), "neither the old one nor the new"
        for version in store.versions():
            store.verify(version)
        left += bool(_left_behind(store))
        with store.writer() as writer:
            assert len(_left_behind(store)) == 1, "more is left behind than the folder of who writes now"
            writer.array("a", [1])
    return left


def _command(folder: Path, seed: int) -> subprocess.Popen[bytes]:
    """The command once it has begun to write."""
    arguments = ("data", "synthetic-vectors", "--bundles", str(folder), "--items", "100", "--seed", str(seed))
    command = subprocess.Popen(python_module("shortlist_cli.main", *arguments), stdout=subprocess.DEVNULL)
    eventually(lambda: command.poll() is not None or any(folder.glob(".writing-*")), timeout=120)
    assert command.poll() is None, "the command ended before it wrote anything"
    return command


def _until_it_ends(command: subprocess.Popen[bytes]) -> float:
    started = time.monotonic()
    assert command.wait(120) == 0
    return time.monotonic() - started
