"""The tools that read what lies in deploy/, and what the chart renders; tests whose tool is missing are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from charts import CHART, KUBERNETES, NEEDED, Tool, settings
from deployment import ROOT


@pytest.fixture(scope="session")
def tool(system_test: None) -> Tool:
    """Runs a tool and says what it printed; fails the test where its exit status is not `status`."""
    places = os.pathsep.join([str(ROOT / ".tools/bin"), str(ROOT / ".tools/deploy/bin"), os.environ["PATH"]])

    def run(name: str, *arguments: str | Path, folder: Path = ROOT, status: int = 0) -> str:
        path = shutil.which(name, path=places)
        if path is None:
            pytest.skip(f"this machine has no {name}: `make check-deploy` installs it where it can")
        done = subprocess.run([path, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr if status else done.stdout

    return run


@pytest.fixture(scope="session")
def template(tool: Tool) -> Tool:
    """What the chart renders with these arguments, as text."""

    def render(*arguments: str | Path, status: int = 0) -> str:
        return tool("helm", "template", "--kube-version", KUBERNETES, "shop", CHART, *arguments, status=status)

    return render


@pytest.fixture(scope="session")
def least(template: Tool) -> str:
    """The chart with nothing set but what has to be."""
    return template(*settings(NEEDED))


@pytest.fixture(scope="session")
def whole(template: Tool) -> str:
    """The chart with everything turned on."""
    return template("--values", Path(__file__).with_name("everything.yaml"))
