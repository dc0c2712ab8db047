"""Data of a server on the terminal: every command shows it as text, and nothing of it acts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc
import pytest
from listening import listening
from shortlist.v1 import bundle_service_pb2, catalog_service_pb2, recommendation_service_pb2, user_service_pb2
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceServicer, add_BundleServiceServicer_to_server
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceServicer, add_CatalogServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer, add_UserServiceServicer_to_server

from shortlist_cli import main

NASTY = "[red]used[/red] [/] [link=http://x]y :smiley: \x1b[31m \x9b1m \u202e \x07 \r\n end"
SHOWN = r"[red]used[/red] [/] [link=http://x]y :smiley: \x1b[31m \x9b1m \u202e \x07 \r\n end"


class Service(CatalogServiceServicer, UserServiceServicer, RecommendationServiceServicer, BundleServiceServicer):
    def GetItem(self, request: Any, context: Any) -> Any:
        return catalog_service_pb2.GetItemResponse(item=self._item())

    def ListItems(self, request: Any, context: Any) -> Any:
        return catalog_service_pb2.ListItemsResponse(items=[self._item()])

    def GetUser(self, request: Any, context: Any) -> Any:
        return user_service_pb2.GetUserResponse(bundle_version=NASTY)

    def ExportUser(self, request: Any, context: Any) -> Any:
        return user_service_pb2.ExportUserResponse(events=[user_service_pb2.UserEvent(item_id=NASTY)])

    def Recommend(self, request: Any, context: Any) -> Any:
        item = {"item_id": NASTY, "title": NASTY, "reason": {"text": NASTY}}
        return recommendation_service_pb2.RecommendResponse(items=[item], request_id=NASTY)

    def SimilarItems(self, request: Any, context: Any) -> Any:
        context.abort(grpc.StatusCode.NOT_FOUND, f"there is no item {NASTY}")

    def GetServingBundle(self, request: Any, context: Any) -> Any:
        serving = {"stable_bundle_version": NASTY, "refusal": NASTY}
        return bundle_service_pb2.GetServingBundleResponse(serving=serving)

    def _item(self) -> Any:
        return catalog_service_pb2.Item(item_id=NASTY, title=NASTY, text=NASTY, categories=[NASTY])


@pytest.fixture
def shortlist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    service = Service()
    adding = (
        add_CatalogServiceServicer_to_server,
        add_UserServiceServicer_to_server,
        add_RecommendationServiceServicer_to_server,
        add_BundleServiceServicer_to_server,
    )
    monkeypatch.setenv("COLUMNS", "2000")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", *arguments, "--address", address])
        with pytest.raises(SystemExit) as ended:
            main.run()
        out, errors = capsys.readouterr()
        return int(ended.value.code or 0), out, errors

    with listening(*(partial(add, service) for add in adding)) as address:
        yield run


def acts(text: str) -> str:
    """What of a text could act on a terminal."""
    return "".join(c for c in text if not c.isprintable() and c != "\n")


@pytest.mark.parametrize(
    ("command", "times"),
    [
        (["catalog", "list"], 3),
        (["catalog", "get", NASTY], 4),
        (["user", "show", "--user", NASTY], 2),
        (["call", "recommend", "--user", NASTY], 4),
        (["bundle", "show"], 2),
    ],
)
def test_tables_show_it_as_text(shortlist: Any, command: list[str], times: int) -> None:
    code, out, errors = shortlist(*command)
    assert (code, errors) == (0, "")
    assert out.count(SHOWN) == times
    assert acts(out) == ""


@pytest.mark.parametrize(
    "command", [["catalog", "get", "i"], ["catalog", "list"], ["call", "recommend"], ["user", "show", "--user", "u"]]
)
def test_json_has_the_same_content_and_does_nothing(shortlist: Any, command: list[str]) -> None:
    code, out, _ = shortlist(*command, "--json")
    assert code == 0 and acts(out) == ""
    assert NASTY in list(_texts(json.loads(out)))


def test_an_export_to_the_terminal_does_nothing_either(shortlist: Any) -> None:
    code, out, _ = shortlist("user", "export", "--user", "u")
    assert code == 0 and acts(out) == "" and out.count("\n") == 1
    assert NASTY in list(_texts(json.loads(out)))


def test_an_error_is_one_line_of_text(shortlist: Any) -> None:
    code, _, errors = shortlist("call", "similar", "--item", "i")
    assert code == 1 and acts(errors) == "" and errors.count("\n") == 1
    assert r"\x1b[31m \x9b1m \u202e \x07" in errors


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from _texts(each)
    elif isinstance(content, str):
        yield content
