"""Wheels, environments that hold nothing but them and what they need, and servers that are started there."""

from __future__ import annotations

import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(backend: str, source: Path, folder: Path, kind: str = "wheel") -> Path:
    """The wheel or sdist that a build backend makes of a source tree."""
    program = f"import {backend} as backend, sys; print(backend.build_{kind}(sys.argv[1]))"
    command = [sys.executable, "-P", "-c", program, str(folder)]
    done = subprocess.run(command, cwd=source, stdout=subprocess.PIPE, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


@dataclass(frozen=True)
class Wheels:
    server: Path
    client: Path


@dataclass(frozen=True)
class Traps:
    folder: Path  # to start things in
    marks: Path

    def run(self) -> list[str]:
        """Those that were."""
        return sorted(path.name for path in self.marks.iterdir())


class Environment:
    """A virtual environment in which the third-party packages of this one can be imported, and none of ours."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        subprocess.run([sys.executable, "-P", "-m", "venv", "--without-pip", str(folder)], check=True)
        self._folder = folder
        self.packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        others = folder / "others"
        others.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            # `.pth` files are what editable installs are made of.
            if not path.name.startswith(("shortlist", "__editable__")) and path.suffix != ".pth":
                (others / path.name).symlink_to(path)
        (self.packages / "others.pth").write_text(f"{others}\n")

    def install(self, *wheels: Path) -> None:
        self._pip("install", "--no-deps", "--no-index", "--no-compile", *map(str, wheels))

    def uninstall(self, distribution: str) -> None:
        self._pip("uninstall", "--yes", distribution)

    def python(self, program: str) -> str:
        """What a program prints."""
        command = [str(self.bin / "python"), "-P", "-c", program]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def _pip(self, *arguments: str) -> None:
        pip = [sys.executable, "-P", "-m", "pip", "--python", str(self._folder), "--disable-pip-version-check"]
        subprocess.run([*pip, *arguments], stdout=subprocess.DEVNULL, check=True)


@contextmanager
def serving(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server that is started in a folder, until the end of the `with`; its address."""
    with (folder / "server.log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("SERVING on "), (folder / "server.log").read_text()
            yield line.removeprefix("SERVING on ").split(": ")[0]
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(60)
            process.stdout.close()
    assert ended == 0


def toy_wheel(folder: Path) -> Path:
    """Somebody else's distribution, whose packages have the names that come to everybody's mind."""
    path = folder / "toy-1.0-py3-none-any.whl"
    metadata = "toy-1.0.dist-info"
    files = {f"{name}/__init__.py": f"OWNER = 'toy {name}'\n" for name in ("core", "data", "server", "client", "cli")}
    files[f"{metadata}/METADATA"] = "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n"
    files[f"{metadata}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{metadata}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{metadata}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return path
