"""A server that cannot start says why in one line and exits with status 2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from certificates import Certificates
from loopback import taken_address
from serve_process import SHORTLIST, Ended, Run, address, finish


@pytest.mark.parametrize("option", ["--address", "--metrics-address"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_one_line_and_exit_status_2(serve: Run, workers: str, option: str) -> None:
    with taken_address() as where:
        code, errors = finish(serve(option, where, "--workers", workers))
    assert code == 2
    assert re.fullmatch(rf"error: cannot listen on {where}: .*\n", errors), errors


def test_two_servers_do_not_share_a_port_unawares(serve: Run) -> None:
    where = address(serve("--workers", "2"))
    code, errors = finish(serve("--workers", "2", "--address", where))
    assert code == 2 and "cannot listen" in errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_bundle_is_one_line_and_exit_status_2(serve: Run, tmp_path: Path, workers: str) -> None:
    (tmp_path / "none").mkdir()
    code, errors = finish(serve("--workers", workers, "--log-level", "error", folder=tmp_path / "none"))
    assert code == 2
    assert errors == f"error: there is no bundle in {tmp_path}/none yet\n"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_gpu_that_is_not_there_is_one_line_and_exit_status_2(serve: Run, workers: str) -> None:
    asked = ("--device", "gpu", "--workers", workers, "--log-level", "error")
    code, errors = finish(serve(*asked, program=SHORTLIST, CUDA_VISIBLE_DEVICES="-1"))
    assert code == 2
    assert re.fullmatch(r"error: no GPU can be used here: .*--device auto takes what there is\n", errors), errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_certificates_that_do_not_fit_are_one_line_and_exit_status_2(
    serve: Run, certificates: Certificates, workers: str
) -> None:
    pair = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("client.key")))
    code, errors = finish(serve("--workers", workers, "--log-level", "error", *pair))
    assert code == 2
    assert re.fullmatch(r"error: the key .*client.key is not that of the certificate .*server.pem\n", errors), errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--state", "/dev/null/state"], "state: .*names no store"),
        (["--state", "sqlite:/dev/null/x/state"], "the state in .* cannot be opened"),
        (["--state", "redis://127.0.0.1:1/0"], "the state in Redis at 127.0.0.1:1/0 cannot be used: .*refused"),
        (["--state", "redis://:secret@127.0.0.1:1/0"], "can see a password on a command line"),
        (["--address", "0.0.0.0:0"], "--tls-cert and --tls-key, or say --insecure"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
        (["--tls-client-ca", "a.pem"], "--tls-client-ca needs --tls-cert and --tls-key"),
        (["--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"], "cannot read /no/such/file: No such file"),
        (["--address", "nowhere"], "is not HOST:PORT"),
        (["--address", "127.0.0.1:70000"], "is not HOST:PORT"),
        (["--metrics-address", "9464"], "metrics_address: '9464' is not HOST:PORT"),
        (["--metrics-address", "0.0.0.0:0"], "0.0.0.0:0 can be reached by other machines, and .*: say --insecure"),
        (["--token-file", "/no/such/file"], "cannot read the token file"),
        (["--log-level", "loud"], "log_level"),
    ],
)
def test_mistakes_are_one_readable_line_and_exit_status_2(
    bundles: Path, tmp_path: Path, ended: Ended, arguments: list[str], message: str
) -> None:
    given = ["--bundles", str(bundles), "--state", f"sqlite:{tmp_path}/state", "--address", "127.0.0.1:0", *arguments]
    code, errors = ended(*given)
    assert code == 2
    assert re.fullmatch(rf"error: .*{message}.*\n", errors), errors
    assert "secret" not in errors


def test_a_password_in_the_url_of_a_variable_is_not_repeated(
    bundles: Path, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTLIST_SERVE_STATE", "redis://:secret@127.0.0.1:1/0")
    code, errors = ended("--bundles", str(bundles), "--address", "127.0.0.1:0")
    assert code == 2 and "Redis at 127.0.0.1:1/0 cannot be used" in errors and "secret" not in errors
