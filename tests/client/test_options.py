"""Settings are refused where they cannot work, a token never travels in the open, and TLS is what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from certificates import Certificates
from shortlist import Client, Options, Tls, Unavailable
from shortlist.testing import FakeServer

Connect = Callable[..., Any]


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"timeout": float("nan")},
        {"batch_timeout": float("inf")},
        {"bundle_timeout": -1},
        {"max_attempts": 0},
        {"max_attempts": 6},
        {"max_message_bytes": 0},
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        Options(**settings)


def test_half_a_client_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="certificate_chain"):
        Tls(private_key=b"key")


@pytest.mark.parametrize("address", ["shop.example:443", "10.0.0.7:50051", "localhost.example:443", "127.example:443"])
def test_a_token_is_not_sent_in_the_open(address: str) -> None:
    with pytest.raises(ValueError, match="TLS"):
        Client(address, Options(token="secret"))


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/run/shortlist.sock"])
def test_a_token_may_go_to_this_machine(address: str) -> None:
    Client(address, Options(token="secret")).close()


def test_secrets_are_not_printed() -> None:
    shown = repr(Options(token="secret", tls=Tls(private_key=b"secret", certificate_chain=b"chain")))
    assert "secret" not in shown


def test_only_unavailable_is_retried() -> None:
    tried_again, once = json.loads(Options().service_config())["methodConfig"]
    assert tried_again["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert {entry["service"] for entry in tried_again["name"]} == {
        "shortlist.v1.RecommendationService",
        "shortlist.v1.EventService",
        "shortlist.v1.CatalogService",
        "shortlist.v1.UserService",
        "shortlist.v1.BundleService",
        "shortlist.v1.PlacementService",
    }
    assert once == {"name": [{"service": "shortlist.v1.BundleService", "method": "RollbackBundle"}]}


def test_a_timeout_of_zero_is_not_taken_for_none() -> None:
    assert Options().call_arguments(0, 1.0)["timeout"] == 0
    assert Options().call_arguments(None, 1.0)["timeout"] == 1.0


def test_mutual_tls_with_a_token(certificates: Certificates, connect: Connect) -> None:
    pair = (certificates["server.key"], certificates["server.pem"])
    tls = Tls(certificates["root.pem"], certificates["client.key"], certificates["client.pem"])
    with FakeServer(grpc.ssl_server_credentials([pair], certificates["root.pem"], require_client_auth=True)) as server:
        answer = connect(server.address, Options(timeout=20, tls=tls, token="secret")).recommend("u1")
    assert answer.items
    assert server.recommend.calls[0].metadata["authorization"] == "Bearer secret"


def test_a_server_that_is_not_trusted_gets_no_request(certificates: Certificates, connect: Connect) -> None:
    pair = (certificates["server.key"], certificates["server.pem"])
    with FakeServer(grpc.ssl_server_credentials([pair])) as server, pytest.raises(Unavailable):
        connect(server.address, Options(timeout=20, tls=Tls(certificates["client.pem"]))).recommend("u1")
    assert server.recommend.calls == []
