"""All workers follow the bundle that an operator activates, and go on with the old one where it is refused."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import server_fakes as fakes
from serve_process import SHORTLIST, Run, address, children, finish
from shortlist import Client, Options
from waiting import PATIENCE, eventually


def answering(where: str, connections: int) -> set[str]:
    """The bundles that answer on this many new connections, each of which may reach another worker."""
    versions = set()
    for _ in range(connections):
        with Client(where, Options(timeout=PATIENCE)) as client:
            versions.add(client.recommend("ann", 1).bundle_version)
    return versions


def test_all_workers_follow_an_activation_and_serve_it_after_a_restart(serve: Run, tmp_path: Path) -> None:
    store = fakes.publish(tmp_path / "two")
    fakes.publish(tmp_path / "two", 0.02, activate=False)
    first, second = store.versions()
    process = serve("--workers", "2", folder=tmp_path / "two")
    where = address(process)
    assert answering(where, 8) == {first}
    command = [*SHORTLIST, "bundle", "activate", second, "--address", where]
    asked = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "160"})
    assert asked.returncode == 0 and re.search(rf"stable .*{second}", asked.stdout), asked
    eventually(lambda: answering(where, 8) == {second})
    os.kill(children(process)[0], signal.SIGKILL)  # its successor agrees with the others
    assert answering(where, 8) == {second}
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


def test_a_bundle_that_the_server_refuses_is_one_line_and_exit_code_1(serve: Run, tmp_path: Path) -> None:
    store = fakes.publish(tmp_path / "two")
    fakes.publish(tmp_path / "two", activate=False)
    first, second = store.versions()
    (store.directory / second / "items/prices.npy").unlink()
    where = address(serve(folder=tmp_path / "two"))
    command = [*SHORTLIST, "bundle", "activate", second, "--address", where]
    asked = subprocess.run(command, capture_output=True, text=True)
    line = f"Error: {where}: bundle {second} refused: items/prices.npy: is missing\n"
    assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", line)
    assert answering(where, 1) == {first}
