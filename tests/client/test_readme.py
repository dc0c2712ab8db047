"""The examples of the client's README run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parents[2] / "client/python/README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(("example", "shown"), list(zip(EXAMPLES, ["i1 Kettle 0.5", "u2 []"], strict=True)))
def test_example(example: str, shown: str, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example.replace("127.0.0.1:50051", server.address), str(README), "exec"), {})
    assert shown in capsys.readouterr().out
    assert server.failures == []
