"""`shortlist call` takes certificates from the environment, and says what is wrong with them or with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from call_server import Server, Shell
from certificates import Certificates
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server


@pytest.fixture
def secure(server: Server, certificates: Certificates) -> Iterator[Shell]:
    """A server that asks for a client's certificate."""
    running = grpc.server(futures.ThreadPoolExecutor(4))
    add_RecommendationServiceServicer_to_server(server, running)
    pair = (certificates["server.key"], certificates["server.pem"])
    port = running.add_secure_port(
        "127.0.0.1:0", grpc.ssl_server_credentials([pair], certificates["root.pem"], require_client_auth=True)
    )
    running.start()
    yield Shell(f"127.0.0.1:{port}")
    running.stop(None).wait()


def test_unreadable_root_certificates_are_named(call: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", "missing.pem")
    result = call("health")
    assert result.exit_code == 2
    assert "missing.pem" in result.stderr


def test_certificates_come_from_the_environment(
    secure: Shell, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"ROOT_CERTIFICATES": "root.pem", "CERTIFICATE_CHAIN": "client.pem", "PRIVATE_KEY": "client.key"}
    for name, file in files.items():
        monkeypatch.setenv(f"SHORTLIST_{name}", str(certificates.path(file)))
    assert secure("recommend", "--user", "u1").exit_code == 0


def test_an_empty_certificate_file_is_no_leave_to_speak_plain_text(
    secure: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", str(tmp_path / "empty.pem"))
    result = secure("recommend", "--user", "u1")
    assert result.exit_code == 2
    assert "is empty" in result.stderr


@pytest.mark.parametrize("root", [None, "client.pem", "root.pem"])
def test_tls_that_does_not_come_about_is_said_so(
    secure: Shell, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, root: str | None
) -> None:
    if root:
        monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", str(certificates.path(root)))
    result = secure("recommend", "--user", "u1")
    assert result.exit_code == 1
    assert "the TLS handshake fails" in result.stderr
