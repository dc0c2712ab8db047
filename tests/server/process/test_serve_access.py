"""A server says whether it speaks plain text or TLS and who can reach it, and asks for tokens where it has some."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import Certificates
from serve_process import Run, address
from shortlist import Client, Options, Tls, Unavailable
from shortlist.v1.event_pb2 import Event
from waiting import PATIENCE

from shortlist_server.rpc.auth import new_token


def test_other_machines_may_be_served_where_that_is_asked_for(serve: Run) -> None:
    process = serve("--insecure", "--address", "0.0.0.0:0")
    assert process.stdout is not None and process.stdout.readline().startswith("SERVING on 0.0.0.0:")
    assert process.stdout.readline() == "plain text that other machines can reach, as --insecure allows\n"


def test_plain_text_is_said_to_be_such(serve: Run) -> None:
    process = serve()
    address(process)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("plain text, which only this machine can reach")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_tls_is_spoken_on_any_address_by_all_workers(serve: Run, certificates: Certificates, workers: str) -> None:
    pair = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("server.key")))
    process = serve("--address", "0.0.0.0:0", "--workers", workers, *pair)
    assert process.stdout is not None
    port = process.stdout.readline().split(": ")[0].rpartition(":")[2]
    assert process.stdout.readline() == f"TLS, with the certificate {pair[1]}\n"
    for _ in range(4):  # each connection may reach another worker
        with Client(f"localhost:{port}", Options(timeout=PATIENCE, tls=Tls(certificates["root.pem"]))) as client:
            assert client.recommend("ann", 1).items
    with Client(f"127.0.0.1:{port}", Options(timeout=PATIENCE)) as client, pytest.raises(Unavailable):
        client.recommend("ann", 1)


def test_tokens_are_asked_for_where_there_is_a_file(serve: Run, tmp_path: Path) -> None:
    token, line = new_token(["read"])
    (tmp_path / "tokens").write_text(f"{line}\n")
    where = address(serve("--token-file", str(tmp_path / "tokens")))
    with Client(where, Options(timeout=PATIENCE, token=token)) as client:
        assert client.recommend("ann", 1).items
        with pytest.raises(Exception, match="PERMISSION_DENIED"):
            client.write_events([Event(user_id="u", item_id="i")])
    with Client(where, Options(timeout=PATIENCE)) as client, pytest.raises(Exception, match="UNAUTHENTICATED"):
        client.recommend("ann", 1)
