"""`shortlist serve` as an operator meets it: real processes, real signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import server_fakes as fakes
from certificates import Certificates
from prometheus_client.mmap_dict import MmapedDict
from redis_server import INSTALLED, RedisServer
from scrape import scrape
from server_fakes import Gate
from shortlist import Client, Options, Tls, Unavailable
from shortlist.v1.event_pb2 import Event
from waiting import PATIENCE, eventually

import shortlist_cli.main
from shortlist_core.addresses import split
from shortlist_server.process import worker
from shortlist_server.rpc.auth import new_token

SHORTLIST = [sys.executable, "-P", "-m", "shortlist_cli.main"]
FAKE_SHORTLIST = [sys.executable, "-P", str(fakes.PROGRAM)]
Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop") / "bundles"
    fakes.publish(directory)
    return directory


@pytest.fixture
def serve(bundles: Path, tmp_path: Path, system_test: None) -> Iterator[Run]:
    """Starts `shortlist serve` over fakes with these arguments; ends what a failing test leaves behind."""
    started: list[subprocess.Popen[str]] = []

    def run(
        *arguments: str, folder: Path = bundles, program: Sequence[str] = FAKE_SHORTLIST, **environment: str
    ) -> subprocess.Popen[str]:
        defaults = ["--bundles", str(folder), "--state", f"sqlite:{tmp_path}/state.sqlite"]
        defaults += [] if "--address" in arguments else ["--address", "127.0.0.1:0"]
        process = subprocess.Popen(
            [*program, "serve", *defaults, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """Where a server says it serves."""
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.fullmatch(r"SERVING on (127\.0\.0\.1:\d+): bundle [\d-]+-[0-9a-f]{6}, 40 items\n", line)
    assert match, line + process.communicate(timeout=PATIENCE)[1]
    return match[1]


def drains(client: Client) -> None:
    """Wait until the server says that it is on its way out."""
    eventually(lambda: client.health().name == "NOT_SERVING")


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How a process ends, and what it had to say."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.mark.parametrize(("workers", "end"), [("1", signal.SIGTERM), ("1", signal.SIGINT), ("2", signal.SIGTERM)])
def test_a_signal_lets_accepted_calls_finish_and_exits_zero(
    serve: Run, gate: Gate, workers: str, end: signal.Signals
) -> None:
    process = serve("--workers", workers, FAKE_RANKER_GATE=str(gate.path))
    client = Client(address(process), Options(timeout=PATIENCE, max_attempts=1))
    answers: list[int] = []
    calling = threading.Thread(target=lambda: answers.append(len(client.recommend("ann", 3).items)))
    with gate.shut():
        calling.start()
        gate.reached()
        process.send_signal(end)
        drains(client)
        assert not answers
    calling.join(PATIENCE)
    assert answers == [3]
    code, errors = finish(process)
    assert code == 0 and "Traceback" not in errors
    client.close()


def test_new_calls_of_a_draining_server_are_refused_as_such(serve: Run, gate: Gate) -> None:
    process = serve(FAKE_RANKER_GATE=str(gate.path))
    client = Client(address(process), Options(timeout=PATIENCE, max_attempts=1))
    calling = threading.Thread(target=lambda: client.recommend("ann", 3))
    with gate.shut():
        calling.start()
        gate.reached()
        process.send_signal(signal.SIGTERM)
        drains(client)
        with pytest.raises(Exception, match="DRAINING"):
            client.recommend("bob", 3)
    calling.join(PATIENCE)
    assert finish(process)[0] == 0


def test_a_call_that_outlives_the_grace_does_not_hold_up_the_end(serve: Run, gate: Gate) -> None:
    process = serve("--grace", "0.3", FAKE_RANKER_GATE=str(gate.path))
    client = Client(address(process), Options(timeout=PATIENCE, max_attempts=1))
    failures: list[Exception] = []

    def call() -> None:
        try:
            client.recommend("ann", 3)
        except Exception as error:
            failures.append(error)

    calling = threading.Thread(target=call)
    with gate.shut():
        calling.start()
        gate.reached()
        process.send_signal(signal.SIGTERM)
        calling.join(15)
        assert not calling.is_alive() and failures
    assert finish(process)[0] == 0


def test_logs_are_json_without_user_ids(serve: Run) -> None:
    process = serve("--log-level", "debug")
    with Client(address(process)) as client:
        client.recommend("ann", 3)
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    lines = errors.splitlines()
    assert code == 0 and lines and all(line.startswith("{") and line.endswith("}") for line in lines)
    assert '"event": "call"' in errors and '"ann"' not in errors


def test_events_survive_the_server_and_are_seen_by_all_workers(serve: Run) -> None:
    process = serve("--workers", "2")
    where = address(process)
    with Client(where) as client:
        client.write_events([Event(event_id="e", user_id="new", item_id="i39")])
    for _ in range(8):  # each connection may reach another worker
        with Client(where, Options(timeout=PATIENCE)) as client:
            assert client.recommend("new", 1).items[0].item_id == "i38"
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0
    process = serve()
    with Client(address(process), Options(timeout=PATIENCE)) as client:
        assert client.recommend("new", 1).items[0].item_id == "i38"


def answering(where: str, connections: int) -> set[str]:
    """The bundles that answer on this many new connections, each of which may reach another worker."""
    versions = set()
    for _ in range(connections):
        with Client(where, Options(timeout=PATIENCE)) as client:
            versions.add(client.recommend("ann", 1).bundle_version)
    return versions


def test_all_workers_follow_an_activation_and_serve_it_after_a_restart(serve: Run, tmp_path: Path) -> None:
    store = fakes.publish(tmp_path / "two")
    fakes.publish(tmp_path / "two", 0.02, activate=False)
    first, second = store.versions()
    process = serve("--workers", "2", folder=tmp_path / "two")
    where = address(process)
    assert answering(where, 8) == {first}
    command = [*SHORTLIST, "bundle", "activate", second, "--address", where]
    asked = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "160"})
    assert asked.returncode == 0 and re.search(rf"stable .*{second}", asked.stdout), asked
    eventually(lambda: answering(where, 8) == {second})
    os.kill(children(process)[0], signal.SIGKILL)  # its successor agrees with the others
    assert answering(where, 8) == {second}
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


def test_a_bundle_that_the_server_refuses_is_one_line_and_exit_code_1(serve: Run, tmp_path: Path) -> None:
    store = fakes.publish(tmp_path / "two")
    fakes.publish(tmp_path / "two", activate=False)
    first, second = store.versions()
    (store.directory / second / "items/prices.npy").unlink()
    where = address(serve(folder=tmp_path / "two"))
    command = [*SHORTLIST, "bundle", "activate", second, "--address", where]
    asked = subprocess.run(command, capture_output=True, text=True)
    line = f"Error: {where}: bundle {second} refused: items/prices.npy: is missing\n"
    assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", line)
    assert answering(where, 1) == {first}


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def test_a_worker_that_dies_is_replaced(serve: Run) -> None:
    process = serve("--workers", "2")
    where = address(process)
    before = children(process)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: before[0] not in (now := children(process)) and len(now) == 2)
    with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
        assert len(client.recommend("ann", 3).items) == 3
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")
def test_a_worker_that_dies_while_the_store_is_away_is_replaced_when_it_is_back(serve: Run, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    process = serve("--workers", "2", "--state", redis.url())
    where = address(process)
    dies, stays = children(process)
    redis.kill()
    os.kill(dies, signal.SIGKILL)
    attempts: set[int] = set()
    eventually(lambda: attempts.update(children(process)) or len(attempts - {dies, stays}) > 1)
    assert process.poll() is None and stays in children(process)
    with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
        assert client.recommend("ann", 3).degraded
        redis.start()
        eventually(lambda: len([pid for pid in children(process) if not zombie(pid)]) == 2)
        eventually(lambda: not client.recommend("ann", 3).degraded)
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0
    redis.kill()


def test_workers_end_when_their_supervisor_is_killed(serve: Run) -> None:
    process = serve("--workers", "2")
    address(process)
    workers = children(process)
    assert len(workers) == 2
    process.kill()
    process.wait()
    eventually(lambda: all(zombie(pid) for pid in workers))


def zombie(pid: int) -> bool:
    """Whether a process has ended, even if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("option", ["--address", "--metrics-address"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_one_line_and_exit_status_2(serve: Run, workers: str, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
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
        (["--state", "redis://:secret@127.0.0.1:1/0"], "the state in Redis at 127.0.0.1:1/0 cannot be used: .*refused"),
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
    bundles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    given = ["--bundles", str(bundles), "--state", f"sqlite:{tmp_path}/state", "--address", "127.0.0.1:0", *arguments]
    monkeypatch.setattr(sys, "argv", ["shortlist", "serve", *given])
    monkeypatch.setattr(worker, "prepare", lambda settings: None)  # this process keeps its logs and environment
    with pytest.raises(SystemExit) as ended:
        shortlist_cli.main.run()
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert re.fullmatch(rf"error: .*{message}.*\n", errors), errors
    assert "secret" not in errors


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


def page(process: subprocess.Popen[str]) -> str:
    """Where a server whose first line is read shows its metrics."""
    assert process.stdout is not None
    process.stdout.readline()
    line = process.stdout.readline()
    match = re.fullmatch(r"metrics at http://(127\.0\.0\.1:\d+)/metrics\n", line)
    assert match, line
    return match[1]


def refused(where: str) -> bool:
    """Whether nobody listens there any more."""
    try:
        socket.create_connection(split(where), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_metrics_are_served_until_the_end_and_then_the_port_is_free(
    serve: Run, gate: Gate, end: signal.Signals
) -> None:
    process = serve("--metrics-address", "127.0.0.1:0", FAKE_RANKER_GATE=str(gate.path))
    client, where = Client(address(process), Options(timeout=PATIENCE, max_attempts=1)), page(process)
    calling = threading.Thread(target=lambda: client.recommend("ann", 3))
    with gate.shut():
        calling.start()
        gate.reached()
        process.send_signal(end)
        drains(client)
        now = scrape(where)
        assert now.value("shortlist_requests_pending", kind="recommendations") == 1
        assert len(now.series("shortlist_bundle_info")) == 1
    calling.join(PATIENCE)
    code, errors = finish(process)
    assert code == 0 and "Traceback" not in errors
    assert refused(where)
    client.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_metrics_of_all_workers_are_added_up_and_outlive_them(serve: Run, tmp_path: Path, end: signal.Signals) -> None:
    process = serve("--workers", "2", "--metrics-address", "127.0.0.1:0", "--reuse", "0", TMPDIR=str(tmp_path))
    where, metrics = address(process), page(process)
    calls, met = 0, Counter[int]()
    while len(met) < 2 or calls < 10:  # each connection may reach another worker
        with Client(where, Options(timeout=PATIENCE)) as client:
            assert client.recommend("ann", 3).items
        calls += 1
        [folder] = tmp_path.glob("shortlist-metrics-*")
        met = Counter(calls_of(folder))
        assert calls < 200
    now = scrape(metrics)
    assert now.calls("Recommend") == {"OK": calls}
    assert now.series("shortlist_recommendations_total") == {("computed",): calls, ("reused",): 0}
    assert now.series("shortlist_stage_seconds_count", stage="rank") == {(): calls}
    assert list(now.series("shortlist_bundle_info").values()) == [1]
    assert list(now.series("shortlist_bundle_items").values()) == [fakes.ITEMS]
    assert set(now.series("shortlist_requests_pending").values()) == {0}
    assert '"ann"' not in now.text and "pid" not in now.text

    dead = max(met, key=lambda pid: met[pid])
    os.kill(dead, signal.SIGKILL)

    def replaced() -> bool:
        assert scrape(metrics).calls("Recommend") == {"OK": calls}  # no scrape sees less meanwhile, or more
        return dead not in (now_there := children(process)) and len(now_there) == 2

    eventually(replaced)
    with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
        assert client.recommend("ann", 3).items
    # The new worker may listen before it has its bundle: a call that it refuses is tried again, and counts as well.
    assert scrape(metrics).calls("Recommend")["OK"] == calls + 1
    assert not list(folder.glob(f"*_{dead}.db"))

    process.send_signal(end)
    code, errors = finish(process)
    assert code == 0 and "Traceback" not in errors
    assert refused(metrics) and not folder.exists()


def calls_of(folder: Path) -> list[int]:
    """The workers, by process id, that have answered anything, as often as they have."""
    answers = []
    for path in folder.glob("counter_*.db"):
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)):
            if "shortlist_recommendations_total" in key:
                answers += [int(path.stem.removeprefix("counter_"))] * int(value)
    return answers


def test_a_folder_that_another_program_counts_in_is_left_alone(serve: Run, tmp_path: Path) -> None:
    process = serve("--metrics-address", "127.0.0.1:0", PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "none"))
    with Client(address(process), Options(timeout=PATIENCE)) as client:
        client.recommend("ann", 3)
    assert scrape(page(process)).calls("Recommend") == {"OK": 1}


def test_other_machines_may_scrape_where_that_is_asked_for(serve: Run, certificates: Certificates) -> None:
    pair = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("server.key")))
    process = serve("--address", "0.0.0.0:0", "--metrics-address", "0.0.0.0:0", "--insecure", *pair)
    assert process.stdout is not None
    process.stdout.readline()
    assert process.stdout.readline().startswith("TLS, with the certificate")  # what is said to be insecure is not this
    line = process.stdout.readline()
    match = re.fullmatch(
        r"metrics at http://0\.0\.0\.0:(\d+)/metrics, plain text that other machines can reach.*\n", line
    )
    assert match, line
    assert scrape(f"127.0.0.1:{match[1]}").series("shortlist_bundle_info")
