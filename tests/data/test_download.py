import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shortlist_core.errors import DataError
from shortlist_data.download import download, unpack

CONTENT = bytes(range(256)) * 2000
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""What the server does with a request whose range starts at the given byte."""


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[str | None]]]:
    """The address of a server that answers so, and the Range headers it has been asked with."""
    ranges: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            ranges.append(asked)
            answer(self, int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/file.bin", ranges
        finally:
            http.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, start: int, stop: int = len(CONTENT), ranged: bool = True) -> None:
    """Content from `start`, announced to the end, broken off at `stop`."""
    if start >= len(CONTENT) and ranged:
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(CONTENT)}")
        handler.end_headers()
        return
    handler.send_response(206 if start and ranged else 200)
    if start and ranged:
        handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
    begin = start if ranged else 0
    handler.send_header("Content-Length", str(len(CONTENT) - begin))
    handler.end_headers()
    handler.wfile.write(CONTENT[begin:stop])


@pytest.mark.parametrize("checksum", [None, SHA256, MD5])
def test_a_file_arrives_whole_and_is_not_fetched_twice(tmp_path: Path, checksum: str | None) -> None:
    with server(send) as (url, ranges):
        path = download(url, tmp_path / "new" / "file.bin", checksum)
        download(url, path, checksum)
    assert path.read_bytes() == CONTENT
    assert ranges == [None]
    assert [each.name for each in path.parent.iterdir()] == ["file.bin"]


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path) -> None:
    with server(lambda handler, start: send(handler, start, start + 200_000)) as (url, ranges):
        path = download(url, tmp_path / "file.bin", SHA256, pause=0)
    assert path.read_bytes() == CONTENT
    assert ranges == [None, "bytes=200000-", "bytes=400000-"]


def test_a_later_call_takes_up_what_an_earlier_one_left(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:1000])
    with server(send) as (url, ranges):
        download(url, tmp_path / "file.bin", SHA256)
    assert ranges == ["bytes=1000-"]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_part_that_is_complete_is_used(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    with server(send) as (url, _):
        assert download(url, tmp_path / "file.bin", SHA256, pause=0).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_started_anew(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    with server(send) as (url, ranges):
        assert download(url, tmp_path / "file.bin", SHA256, pause=0).read_bytes() == CONTENT
    assert ranges[-1] is None


def test_a_server_that_ignores_ranges_is_read_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"x" * 1000)
    with server(lambda handler, start: send(handler, start, ranged=False)) as (url, ranges):
        assert download(url, tmp_path / "file.bin", SHA256).read_bytes() == CONTENT
    assert ranges == ["bytes=1000-"]


def test_another_range_than_asked_for_is_not_glued_in(tmp_path: Path) -> None:
    def wrong(handler: BaseHTTPRequestHandler, start: int) -> None:
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-9/{len(CONTENT)}")
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(CONTENT[:10])

    (tmp_path / "file.bin.part").write_bytes(CONTENT[:1000])
    with server(wrong) as (url, _), pytest.raises(DataError, match="another part"):
        download(url, tmp_path / "file.bin", pause=0)
    assert not (tmp_path / "file.bin").exists()


def test_a_wrong_checksum_leaves_nothing_behind(tmp_path: Path) -> None:
    with server(send) as (url, _), pytest.raises(DataError, match="does not have the checksum") as caught:
        download(url, tmp_path / "file.bin", "sha256:" + "0" * 64)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_local_file_that_disagrees_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"old")
    with server(send) as (url, _):
        assert download(url, tmp_path / "file.bin", SHA256).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(tmp_path: Path) -> None:
    def busy_once(handler: BaseHTTPRequestHandler, start: int) -> None:
        if len(ranges) == 1:
            handler.send_error(503)
        else:
            send(handler, start)

    with server(busy_once) as (url, ranges):
        assert download(url, tmp_path / "file.bin", SHA256, pause=0).read_bytes() == CONTENT
    with server(lambda handler, _: handler.send_error(404)) as (url, ranges):
        with pytest.raises(DataError, match=r"file\.bin: the server answers 404"):
            download(url, tmp_path / "other.bin", pause=0)
        assert len(ranges) == 1


def test_a_server_that_always_fails_is_given_up(tmp_path: Path) -> None:
    with server(lambda handler, _: handler.send_error(500)) as (url, ranges):
        with pytest.raises(DataError, match="given up after 5 attempts: the server answers 500"):
            download(url, tmp_path / "file.bin", pause=0)
        assert len(ranges) == 5


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "nonsense", "ftp://127.0.0.1/x"])
def test_addresses_that_lead_nowhere_are_one_line(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError) as caught:
        download(url, tmp_path / "file.bin", pause=0)
    assert str(caught.value).startswith(f"{url}: ")
    assert "\n" not in str(caught.value)


def test_unpacking_takes_what_is_wanted_and_stays_in_the_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../outside/ratings.csv", "r")
        archive.writestr("ml/evil.sh", "e")
    (tmp_path / "in").mkdir()
    unpack(tmp_path / "a.zip", tmp_path / "in", ["ratings.csv"])
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["ratings.csv"]
    (tmp_path / "b.zip").write_bytes(io.BytesIO(b"no zip").getvalue())
    with pytest.raises(DataError, match="cannot unpack"):
        unpack(tmp_path / "b.zip", tmp_path / "in", ["ratings.csv"])
