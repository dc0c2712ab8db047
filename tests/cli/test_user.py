"""`shortlist user` against a running server's service, faked, as the command line sees it."""

from __future__ import annotations

import io
import json
import sys
from functools import partial
from pathlib import Path

import grpc
import pytest
from listening import listening
from shortlist.v1 import user_service_pb2 as api
from shortlist.v1.user_attribute_pb2 import UserAttribute
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer, add_UserServiceServicer_to_server

from shortlist_cli import main


class Service(UserServiceServicer):
    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.authorization: list[str] = []
        self.attributes: list[UserAttribute] = []
        self.recorded = True

    def UpsertUsers(self, request, context):
        self.upserted = request.users[0]
        return api.UpsertUsersResponse(written_user_count=len(request.users))

    def GetUser(self, request, context):
        self.authorization.append(dict(context.invocation_metadata()).get("authorization", ""))
        answer = api.GetUserResponse(user_id=request.user_id, live_event_count=1_234, bundle_version="b7")
        answer.live_event_type_counts.add(event_type=4, event_count=1_234)
        answer.first_event_time.FromSeconds(0)
        return answer

    def ExportUser(self, request, context):
        number = int(request.page_token or 0)
        event = api.UserEvent(event_id=f"e{number}", item_id="Tee ☕", origin=1)
        more = str(number + 1) if number < 2 else ""
        attributes = [] if number else self.attributes
        return api.ExportUserResponse(events=[event], next_page_token=more, user_attributes=attributes)

    def DeleteUser(self, request, context):
        if request.user_id == "stuck":
            context.abort(grpc.StatusCode.UNAVAILABLE, "the store of live users cannot be used at the moment")
        self.deleted.append(request.user_id)
        return api.DeleteUserResponse(deleted_event_count=3, recorded_with_bundles=self.recorded)


@pytest.fixture
def service():
    servicer = Service()
    with listening(partial(add_UserServiceServicer_to_server, servicer)) as servicer.address:
        yield servicer


@pytest.fixture
def shortlist(monkeypatch, capsys, service):
    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["shortlist", "user", *arguments, "--address", service.address])
        with pytest.raises(SystemExit) as exit:
            main.run()
        output = capsys.readouterr()
        return exit.value.code or 0, output.out, output.err

    return run


def test_show_tells_numbers_and_sends_the_token(shortlist, service, monkeypatch) -> None:
    monkeypatch.setenv("SHORTLIST_TOKEN", "t0ken")
    code, out, _ = shortlist("show", "--user", "ann")
    assert code == 0
    assert "1,234" in out and "purchase" in out and "b7" in out and "1970-01-01" in out
    assert json.loads(shortlist("show", "--user", "ann", "--json")[1])["live_event_count"] == "1234"
    assert service.authorization == ["Bearer t0ken"] * 2


def test_upsert_writes_keys_and_values_and_takes_them_back(shortlist, service) -> None:
    code, out, _ = shortlist("upsert", "--user", "ann", "--attribute", "country=France", "--attribute", "plan=a=b")
    assert code == 0 and "2 attributes" in out
    sent = [(pair.key, pair.value) for pair in service.upserted.user_attributes]
    assert (service.upserted.user_id, sent) == ("ann", [("country", "France"), ("plan", "a=b")])
    assert "0 attributes" in shortlist("upsert", "--user", "ann")[1]
    assert not service.upserted.user_attributes
    code, _, err = shortlist("upsert", "--user", "ann", "--attribute", "France")
    assert code == 2 and "must be KEY=VALUE" in err


def test_export_writes_every_page_as_lines_of_json(shortlist, tmp_path: Path) -> None:
    code, out, _ = shortlist("export", "--user", "ann")
    assert code == 0
    assert [json.loads(line)["event_id"] for line in out.splitlines()] == ["e0", "e1", "e2"]
    assert "Tee ☕" in out
    code, said, _ = shortlist("export", "--user", "ann", "--out", str(tmp_path / "ann.jsonl"))
    assert (tmp_path / "ann.jsonl").read_text("utf-8") == out
    assert "3 events" in said
    code, _, err = shortlist("export", "--user", "ann", "--out", str(tmp_path / "no" / "ann.jsonl"))
    assert code == 2 and "cannot write" in err


def test_an_export_begins_with_the_attributes_and_only_its_owner_reads_it(shortlist, service, tmp_path: Path) -> None:
    service.attributes = [UserAttribute(key="country", value="France")]
    path = tmp_path / "ann.jsonl"
    path.write_text("of an earlier export\n" * 9)
    path.chmod(0o644)
    _, said, _ = shortlist("export", "--user", "ann", "--out", str(path))
    assert "3 events" in said
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[0] == {"user_attributes": [{"key": "country", "value": "France"}]}
    assert [line["event_id"] for line in lines[1:]] == ["e0", "e1", "e2"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_deletion_that_is_not_recorded_with_the_bundles_is_told_of(shortlist, service) -> None:
    assert "note" not in shortlist("delete", "--user", "ann", "--yes")[2]
    service.recorded = False
    code, out, err = shortlist("delete", "--user", "ann", "--yes")
    assert code == 0 and "forgotten" in out and "cannot write into its folder of bundles" in err


def test_delete_asks_first_and_says_what_went_wrong(shortlist, service, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert shortlist("delete", "--user", "ann")[0] == 1
    assert service.deleted == []
    code, out, _ = shortlist("delete", "--user", "ann", "--yes")
    assert (code, service.deleted) == (0, ["ann"])
    assert "3 events deleted" in out
    code, _, err = shortlist("delete", "--user", "stuck", "--yes")
    assert code == 1 and "Traceback" not in err and len(err.strip().splitlines()) == 1
