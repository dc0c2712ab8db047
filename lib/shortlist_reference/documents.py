"""`python -P -m shortlist_reference.documents` checks all Markdown files of the repository; it needs no network.

Relative links and their anchors lead somewhere, every page is linked to, the files that are named exist (but those
that a page tells its reader to create), and lines of prose have at most 120 characters. What is wrong is listed as
`FILE:LINE: what`, and the exit status is 1.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shortlist_reference.paragraphs import WIDTH

ROOT = Path(__file__).parents[2]
HISTORY = {"CHANGELOG.md", "docs/experiments.md"}
"""Pages that may name files that are gone."""

_NOT_PROSE = {"fence", "code_block", "html_block", "table_open"}
_FILE = re.compile(r"[\w.*/-]+\.(py|proto|md|mk|toml|json|go|java|ts|xml|lock|sh)")
_SOURCES = (".py", ".proto")
_DOCUMENT = re.compile(r"(?<![\w/.-])docs/[\w./-]+\.md\b")
_NAMES_DOCUMENTS = (".py", ".proto", ".mk", ".toml", ".go", ".java", ".ts", ".sh", "Makefile")

Mistake = tuple[int, str]


class Repository:
    """The files that git tracks below a folder, and those that it would."""

    def __init__(self, root: Path) -> None:
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
        self.root = root
        self.files = {name for name in names if name and (root / name).exists()}
        self.folders = {str(parent) for name in self.files for parent in Path(name).parents}
        self._pages: dict[str, Page] = {}
        self._linked: set[str] = set()

    def page(self, name: str) -> Page:
        """A Markdown file, parsed once."""
        if name not in self._pages:
            self._pages[name] = Page((self.root / name).read_text("utf-8"))
        return self._pages[name]

    def mistakes(self) -> Iterator[str]:
        """What is wrong, file by file."""
        for name in sorted(self.files):
            for line, what in self._of(name):
                yield f"{name}:{line}: {what}"
        for name in sorted(self.files - self._linked):
            if name.endswith(".md") and name != "README.md":
                yield f"{name}:1: no other page links here"

    def _of(self, name: str) -> Iterator[Mistake]:
        if name.endswith(".md"):
            page = self.page(name)
            yield from self._links(name, page)
            yield from page.long_lines()
            if name not in HISTORY:
                yield from self._mentions(page)
        elif name.endswith(_NAMES_DOCUMENTS):
            for number, text in enumerate((self.root / name).read_text("utf-8").splitlines(), 1):
                for named in _DOCUMENT.findall(text):
                    if named not in self.files:
                        yield number, f"there is no {named}"

    def _links(self, name: str, page: Page) -> Iterator[Mistake]:
        for line, link in page.links():
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = posixpath.join(posixpath.dirname(name), unquote(parts.path)) if parts.path else name
            path = posixpath.normpath(path)
            if path != name:
                self._linked.add(path)
            if path not in self.files | self.folders:
                yield line, f"the link to {link} leads nowhere"
            elif parts.fragment and (not path.endswith(".md") or parts.fragment not in self.page(path).anchors):
                yield line, f"the link to {link} leads to no heading"

    def _mentions(self, page: Page) -> Iterator[Mistake]:
        for line, code in page.code():
            for word in code.split():
                if word not in page.created and not self._exists(word):
                    yield line, f"there is no file {word}"

    def _exists(self, word: str) -> bool:
        """Whether a word is the path of a file or folder here, or looks like none."""
        ours = word.partition("/")[0] in self.folders and "/" in word
        if ours and word.endswith("/"):
            return word.rstrip("/") in self.folders
        if not _FILE.fullmatch(word) or not (ours or word.endswith(_SOURCES)):
            return True
        wanted = word if ours else f"*/{word}"
        return any(fnmatchcase(name, wanted) for name in self.files)


class Page:
    """One Markdown file."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._tokens = MarkdownIt("commonmark").enable("table").parse(text)

    def links(self) -> Iterator[tuple[int, str]]:
        """Where links and images lead, with the line of their paragraph."""
        for line, token in self._inline():
            target = token.attrs.get("href") or token.attrs.get("src")
            if target:
                yield line, str(target)

    def code(self) -> Iterator[tuple[int, str]]:
        """What stands in backticks."""
        return ((line, token.content) for line, token in self._inline() if token.type == "code_inline")

    @cached_property
    def created(self) -> set[str]:
        """The files that the page tells its reader to create, in the words "Create `path/file.py`"."""
        pairs = pairwise(token for _, token in self._inline())
        return {code.content for text, code in pairs if text.content.endswith("Create ") and code.type == "code_inline"}

    def long_lines(self) -> Iterator[Mistake]:
        """Lines of prose that are too long, unless they hold one long word."""
        exempt = {
            line for token in self._tokens if token.map and token.type in _NOT_PROSE for line in range(*token.map)
        }
        for number, line in enumerate(self._lines):
            if len(line) > WIDTH and number not in exempt and len(line.split()) > 2:
                yield number + 1, f"{len(line)} characters; prose has at most {WIDTH} a line"

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of all headings, as GitHub makes them."""
        anchors: set[str] = set()
        for heading, content in zip(self._tokens, self._tokens[1:], strict=False):
            if heading.type == "heading_open":
                text = "".join(token.content for token in content.children or [])
                slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
                anchors.add(next(name for name in _numbered(slug) if name not in anchors))
        return anchors

    def _inline(self) -> Iterator[tuple[int, Token]]:
        line = 0
        for token in self._tokens:
            line = token.map[0] + 1 if token.map else line
            for child in token.children or []:
                yield line, child


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    number = 0
    while True:
        number += 1
        yield f"{slug}-{number}"


def main() -> int:
    """Print what is wrong; the exit status."""
    mistakes = list(Repository(ROOT).mistakes())
    print("\n".join(mistakes) or "links, files and lines of all documents are right")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
