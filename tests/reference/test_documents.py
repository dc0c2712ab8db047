"""The check of the documents finds what is wrong, by file and line; those of this repository are right."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest

from shortlist_cli.demo import demo
from shortlist_reference.documents import ROOT, Repository

pytestmark = pytest.mark.system  # asks git
Check = Callable[[str], list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """What is said of the text of guide/page.md in a repository with a few files."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    files = {"guide/other.md": "# A heading, `code`\n\n## Twice\n\n## Twice\n", "server/app.py": ""}
    files["README.md"] = "[page](guide/page.md), [other](guide/other.md)"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def said(text: str) -> list[str]:
        (tmp_path / "guide/page.md").write_text(text)
        return list(Repository(tmp_path).mistakes())

    return said


@pytest.mark.parametrize(
    "text",
    [
        "[other](other.md), [top](../README.md), [folder](../server/), [net](https://example.org/x.md#y)",
        "[heading](other.md#a-heading-code) and [second](other.md#twice-1)",
        "# Here\n\n[here](#here)",
        "`server/app.py`, `app.py`, `server/*.py`, `server/`, `products.json`, `made/up.json`",
        "| table |\n|---|\n| " + "long " * 40 + "|",
        "    code " + "long " * 40,
        "```\n" + "long " * 40 + "\n[not a link](nowhere.md)\n```",
        "one-long-word-" * 20,
    ],
)
def test_what_is_right_is_passed_over(check: Check, text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[other](nowhere.md)", "1: the link to nowhere.md leads nowhere"),
        ("One.\n\n![picture](nowhere.svg)", "3: the link to nowhere.svg leads nowhere"),
        ("[outside](../../secret.md)", "1: the link to ../../secret.md leads nowhere"),
        ("[heading](other.md#not-there)", "1: the link to other.md#not-there leads to no heading"),
        ("# Here\n\n[there](#there)", "3: the link to #there leads to no heading"),
        ("| a |\n|---|\n| [x](nowhere.md) |", "3: the link to nowhere.md leads nowhere"),
        ("`server/gone.py` does it", "1: there is no file server/gone.py"),
        ("`gone.py` does it", "1: there is no file gone.py"),
        ("`server/gone/`", "1: there is no file server/gone/"),
        ("long " * 40, "1: 199 characters; prose has at most 120 a line"),
    ],
)
def test_what_is_wrong_is_named(check: Check, text: str, said: str) -> None:
    assert check(text.rstrip()) == [f"guide/page.md:{said}"]


def test_a_page_that_no_other_links_to_is_named(check: Check, tmp_path: Path) -> None:
    (tmp_path / "guide/alone.md").write_text("# Alone\n\n[alone](alone.md)")
    assert check("") == ["guide/alone.md:1: no other page links here"]


def test_a_program_may_not_name_a_document_that_is_gone(check: Check, tmp_path: Path) -> None:
    gone = "/".join(("docs", "gone.md"))
    (tmp_path / "server/app.py").write_text(f'"""Says why: {gone}."""\n')
    assert check("") == [f"server/app.py:1: there is no {gone}"]


def test_the_user_of_the_examples_is_one_of_the_demo() -> None:
    users = signature(demo).parameters["users"].default
    for page in ("README.md", "client/python/README.md", "docs/reference/api.md"):
        named = [int(number) for number in re.findall(r"\bu(\d{6})\b", (ROOT / page).read_text())]
        assert named and max(named) < users, page


def test_the_documents_of_this_repository_are_right() -> None:
    assert list(Repository(ROOT).mistakes()) == []
