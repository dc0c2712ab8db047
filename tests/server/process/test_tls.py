"""TLS as operator and callers meet it: who gets through, wrong files, and certificates that are renewed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from certificates import Certificates
from conftest import Start
from shortlist.v1.recommendation_service_pb2 import RecommendRequest
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

from shortlist_core.errors import DataError
from shortlist_server.base.settings import Settings
from shortlist_server.process.tls import Certificates as ServerCertificates
from shortlist_server.process.tls import credentials

pytestmark = pytest.mark.system


def options(certificates: Certificates, client_ca: bool = False) -> dict[str, Any]:
    files = {"tls_cert": certificates.path("server.pem"), "tls_key": certificates.path("server.key")}
    return files | ({"tls_client_ca": certificates.path("root.pem")} if client_ca else {})


async def answered(address: str, trust: grpc.ChannelCredentials | None) -> bool:
    """Whether a server at `address` answers a call over a new connection."""
    make = grpc.aio.insecure_channel(address) if trust is None else grpc.aio.secure_channel(address, trust)
    async with make as channel:
        try:
            await RecommendationServiceStub(channel).Recommend(RecommendRequest(user_id="ann", count=1), timeout=10)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return False
        return True


async def test_only_who_trusts_the_certificate_gets_through(start: Start, certificates: Certificates) -> None:
    address = (await start(**options(certificates))).address
    assert await answered(address, grpc.ssl_channel_credentials(certificates["root.pem"]))
    assert not await answered(address, grpc.ssl_channel_credentials(certificates["client.pem"]))
    assert not await answered(address, None)


async def test_with_a_client_ca_only_clients_with_a_certificate_of_it_get_through(
    start: Start, certificates: Certificates, tmp_path: Path
) -> None:
    address = (await start(**options(certificates, client_ca=True))).address
    strangers = Certificates(tmp_path)
    root = certificates["root.pem"]
    for key, chain, through in (
        (certificates["client.key"], certificates["client.pem"], True),
        (strangers["client.key"], strangers["client.pem"], False),
        (None, None, False),
    ):
        assert await answered(address, grpc.ssl_channel_credentials(root, key, chain)) == through


async def test_renewed_certificates_are_used_without_a_restart(start: Start, tmp_path: Path) -> None:
    old, new = (Certificates(folder) for folder in (tmp_path / "old", tmp_path / "new"))
    address = (await start(**options(old))).address
    trust_old, trust_new = (grpc.ssl_channel_credentials(each["root.pem"]) for each in (old, new))
    assert await answered(address, trust_old) and not await answered(address, trust_new)
    shutil.copy(new.path("server.pem"), old.path("server.pem"))  # the key is still the old one: passed over
    assert await answered(address, trust_old)
    shutil.copy(new.path("server.key"), old.path("server.key"))
    assert await answered(address, trust_new) and not await answered(address, trust_old)
    old.path("server.key").unlink()
    assert await answered(address, trust_new)


Break = Callable[[Certificates], object]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda own: own.path("server.pem").unlink(), "cannot read .*server.pem: No such file"),
        (lambda own: own.path("server.pem").write_text("hello"), "server.pem holds no certificate in PEM form"),
        (lambda own: own.path("server.key").write_text("hello"), "server.key holds no unencrypted private key"),
        (
            lambda own: own.path("client.key").replace(own.path("server.key")),
            "is not that of",
        ),
        (lambda own: own.path("root.pem").write_text("hello"), "root.pem holds no certificate in PEM form"),
        (lambda own: own.encrypt("server"), "server.key holds no unencrypted private key"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path: Path, broken: Break, message: str) -> None:
    own = Certificates(tmp_path)
    broken(own)
    settings = Settings.of(bundles=tmp_path, state="", **options(own, client_ca=True))
    with pytest.raises(DataError, match=message) as refused:
        credentials(settings)
    assert "\n" not in str(refused.value)


def test_files_are_read_again_only_where_they_changed(certificates: Certificates) -> None:
    own = ServerCertificates(certificates.path("server.pem"), certificates.path("server.key"))
    assert own.read() is not None
    assert own.changed() is None
