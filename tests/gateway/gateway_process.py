"""A started server or gateway, asked over real HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

RECOMMEND = "/shortlist.v1.RecommendationService/Recommend"


@dataclass
class Process:
    """A started process, and where it says it serves."""

    popen: subprocess.Popen[str]
    address: str
    errors: Path

    def log(self) -> str:
        return self.errors.read_text()

    def post(self, path: str = RECOMMEND, json: Any = None, **more: Any) -> httpx.Response:
        with httpx.Client(timeout=20) as client:
            return client.post(f"http://{self.address}{path}", **({"json": json} if json is not None else {}), **more)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", timeout=20)


Run = Callable[..., Process]
