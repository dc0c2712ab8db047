"""The command line as Markdown: what typer writes about the commands, with links and in short lines."""

from __future__ import annotations

import re
import subprocess
import sys

from shortlist_reference.paragraphs import wrapped

GENERATED = "<!-- Generated from the program by `make reference`: change the help of the command there. -->"

_ENTITIES = {"&#x27;": "'", "&lt;": "<", "&gt;": ">", "&quot;": '"'}


def page() -> str:
    """One section per command, in the order of `shortlist --help`."""
    # A process of its own: typer finds the program by importing it.
    command = [sys.executable, "-P", "-m", "typer", "shortlist_reference.program.app", "utils", "docs"]
    command += ["--name", "shortlist", "--title", "Command line"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"{GENERATED}\n\n{_arranged(text)}"


def _arranged(text: str) -> str:
    lines, command, listing = [], "shortlist", False
    for line in text.splitlines():
        if heading := re.fullmatch(r"#+ `(.*)`", line):
            command = heading[1]
        if line.startswith("**"):
            listing = line == "**Commands**:"
        if listing and (listed := re.match(r"\* `([\w-]+)`", line)):
            lines.append(f"* [`{listed[1]}`](#{f'{command}-{listed[1]}'.replace(' ', '-')})")  # typer cuts their help
        else:
            lines.append(wrapped(_plain(line), "  " if line.startswith("* ") else ""))
    return "\n".join(lines).strip() + "\n"


def _plain(line: str) -> str:
    """The line with the characters that Markdown needs no entities for; `<` outside of code keeps its own."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(_unescaped(part) if part.startswith("`") else _spared(part) for part in parts).rstrip()


def _unescaped(code: str) -> str:
    for entity, character in _ENTITIES.items():
        code = code.replace(entity, character)
    return code


def _spared(text: str) -> str:
    text = text.replace("&#x27;", "'").replace("&quot;", '"').replace("&lt;=", "<=").replace("&gt;", ">")
    return text.replace("  [", " [")
