"""The token file: what its lines may say, and how a running server follows it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from conftest import Start
from scrape import scrape
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_core.errors import DataError, PermissionDeniedError, UnauthenticatedError
from shortlist_server.rpc.caller import caller_of
from shortlist_server.rpc.token_file import TokenFile, new_token, read_tokens

RECOMMEND = "/shortlist.v1.RecommendationService/Recommend"
SOON = datetime(2100, 1, 1, tzinfo=UTC)


def hashed(token: str) -> str:
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        (b"\xff\n", "not UTF-8"),
        (b"# none\n", "holds no token"),
        (hashed("t").encode() + b" root\n", "line 1.*'root', only admin, read, users, write"),
        (b"# one\nsha256:abc read\n", "line 2: this is no hashed token"),
        (hashed("t").encode() + b" read expires=2027-01-31", "line 1: expires must be a time such as .*'2027-01-31'"),
        (hashed("t").encode() + b" expires=2027-02-30T00:00:00Z", "line 1: expires must be a time"),
        (hashed("t").encode() + b" expires=2027-01-31T00:00:00", "line 1: expires must be a time"),
        (hashed("t").encode() + b" expires=", "line 1: expires must be a time"),
        (hashed("t").encode() + b" name=a name=b", "line 1: name, expires, quota and tenant are said once"),
        (hashed("t").encode() + b" name=", "line 1: the name must be 1 to 64"),
        (hashed("t").encode() + b" until=2027", "line 1: there is no 'until', only name, expires, quota and tenant"),
    ],
)
def test_a_token_file_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "tokens").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_tokens(tmp_path / "tokens")


def test_a_plain_token_is_refused_without_being_repeated(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{hashed('t')}\nhunter2 read\n")
    with pytest.raises(DataError, match=r"line 2.*`shortlist token` makes one.*sha256sum") as refused:
        read_tokens(tmp_path / "tokens")
    assert "hunter2" not in str(refused.value)


def test_a_new_token_is_let_in_by_its_line(tmp_path: Path) -> None:
    (token, line), (other, both) = new_token(["read"]), new_token()
    (tmp_path / "tokens").write_text(f"{line}\n{both}\n")
    authority = read_tokens(tmp_path / "tokens")
    authority.check("/shortlist.v1.RecommendationService/Recommend", f"Bearer {token}")
    authority.check("/shortlist.v1.EventService/WriteEvents", f"Bearer {other}")
    with pytest.raises(PermissionDeniedError):
        authority.check("/shortlist.v1.EventService/WriteEvents", f"Bearer {token}")
    assert token not in line and len(token) >= 43 and token != other


@pytest.mark.parametrize("time", ["2030-01-01T00:00:00Z", "2030-01-01T01:00:00.5+01:00", "2029-12-31t23:59:59z"])
def test_an_expired_token_is_refused_as_such(tmp_path: Path, time: str) -> None:
    (tmp_path / "tokens").write_text(f"{hashed('t')} read expires={time}\n")
    authority = read_tokens(tmp_path / "tokens")
    end = datetime.fromisoformat(time.upper()).timestamp()
    for now, accepted in ((end - 1, True), (end, False)):
        authority._clock = lambda now=now: now  # type: ignore[misc]
        if accepted:
            authority.check(RECOMMEND, "Bearer t")
            continue
        with pytest.raises(UnauthenticatedError, match="has expired"):
            authority.check(RECOMMEND, "Bearer t")


def test_a_token_is_named_by_its_line_or_by_its_hash(tmp_path: Path) -> None:
    token, line = new_token(["read"], "shop-1", SOON)
    (tmp_path / "tokens").write_text(f"{line}\n{hashed('t')}\n")
    authority = read_tokens(tmp_path / "tokens")
    authority.check(RECOMMEND, f"Bearer {token}")
    assert caller_of(None) == "shop-1"  # type: ignore[arg-type]
    authority.check(RECOMMEND, "Bearer t")
    assert caller_of(None) == f"token-{hashed('t')[7:19]}"  # type: ignore[arg-type]


def test_a_changed_file_replaces_the_tokens_and_a_broken_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{hashed('old')}\n")
    file = TokenFile(path)
    path.write_text(f"{hashed('new')}\n")
    file.catch_up()
    file.authority.check(RECOMMEND, "Bearer new")
    with pytest.raises(UnauthenticatedError):
        file.authority.check(RECOMMEND, "Bearer old")
    for broken in (b"", b"hunter2 read\n", b"\xff", None):
        path.unlink() if broken is None else path.write_bytes(broken)
        for _ in range(2):  # told at every look, until it is mended
            with pytest.raises(DataError) as told:
                file.catch_up()
        assert "hunter2" not in str(told.value)
        file.authority.check(RECOMMEND, "Bearer new")
    path.write_text(f"{hashed('old')}\n")
    file.catch_up()
    file.authority.check(RECOMMEND, "Bearer old")


async def refusal(running: Running, token: str) -> grpc.StatusCode:
    """The status of calls with a token once they do not end well any more."""
    recommend = running.channel.unary_unary(RECOMMEND)
    async with asyncio.timeout(20):
        while True:
            try:
                await recommend(b"", metadata=[("authorization", f"Bearer {token}")])
            except grpc.aio.AioRpcError as error:
                return error.code()


async def test_a_running_server_follows_the_file(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{hashed('mine')}\n{hashed('other')}\n")
    running = await start(token_file=path, metrics_address="127.0.0.1:0")
    bearer = [("authorization", "Bearer mine")]
    stream = running.channel.stream_stream(
        "/shortlist.v1.RecommendationService/StreamRecommend",
        request_serializer=api.StreamRecommendRequest.SerializeToString,
        response_deserializer=api.StreamRecommendResponse.FromString,
    )(metadata=bearer)
    await stream.write(api.StreamRecommendRequest(user_id="ann"))
    assert (await stream.read()).bundle_version
    path.write_text(f"{hashed('other')}\n")
    assert await refusal(running, "mine") == grpc.StatusCode.UNAUTHENTICATED
    assert not stream.done()
    with suppress(grpc.aio.AioRpcError):
        await stream.write(api.StreamRecommendRequest(user_id="ann"))  # a stream ends at its next message
    assert await stream.code() == grpc.StatusCode.UNAUTHENTICATED
    assert await running.channel.unary_unary(RECOMMEND)(b"", metadata=[("authorization", "Bearer other")])
    page = running.server.metrics_page
    assert page is not None
    seen = await asyncio.to_thread(scrape, page.address)
    assert seen.value("shortlist_followed_timestamp_seconds", log="tokens") > 0
