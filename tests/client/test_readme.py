"""The client's README: its examples run as they stand, and it names every method. So do other pages' examples."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from every_method import METHODS
from shortlist.testing import FakeServer

ROOT = Path(__file__).parents[2]
README = ROOT / "client/python/README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
PROGRAMS = [example for example in EXAMPLES if "def test_" not in example]
SHOWN = ["i1 Kettle 0.5", "answers 0.1 of the users", "u000843 ['i1', 'i2', 'i3', 'i4', 'i5']"]


@pytest.mark.parametrize(("example", "shown"), list(zip(PROGRAMS, SHOWN, strict=True)))
def test_example(example: str, shown: str, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example.replace("127.0.0.1:50051", server.address), str(README), "exec"), {})
    assert shown in capsys.readouterr().out


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-list.md", "docs/how-to/filter.md"])
def test_example_of_another_page(page: str, server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example.replace("127.0.0.1:50051", server.address), page, "exec"), {})
    assert SHOWN[0] in capsys.readouterr().out


@pytest.mark.system
def test_the_example_of_tests_is_one(tmp_path: Path) -> None:
    (example,) = (example for example in EXAMPLES if "def test_" in example)
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py"]
    ended = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False)
    assert "2 passed" in ended.stdout, ended.stdout


@pytest.mark.parametrize("method", sorted(METHODS | {"health"}))
def test_it_names_every_method(method: str) -> None:
    assert f"\n| `{method}(" in TEXT
