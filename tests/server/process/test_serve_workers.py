"""Workers see each other's events, are replaced when they die, and end with their supervisor."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis_server import INSTALLED, RedisServer
from serve_process import Run, address, children, finish, zombie
from server_fakes import Gate
from shortlist import Client, Options, Unavailable
from shortlist.v1.event_pb2 import Event
from waiting import PATIENCE, eventually


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


def test_a_worker_that_still_loads_beside_one_that_serves_gets_no_calls(serve: Run, gate: Gate) -> None:
    process = serve("--workers", "2", FAKE_LOAD_GATE=str(gate.path))
    where = address(process)
    before = children(process)
    with gate.shut():
        os.kill(before[0], signal.SIGKILL)
        gate.reached()  # by the new worker
        assert before[0] not in children(process)
        for _ in range(20):  # connections, each of which may reach either worker
            with Client(where, Options(timeout=PATIENCE)) as client:
                assert client.health().name == "SERVING"
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


def test_a_worker_that_hangs_is_replaced(serve: Run) -> None:
    process = serve("--workers", "2")
    where = address(process)
    hangs, stays = children(process)
    os.kill(hangs, signal.SIGSTOP)
    eventually(lambda: hangs not in (now := children(process)) and len(now) == 2)
    assert stays in children(process)
    with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
        assert len(client.recommend("ann", 3).items) == 3
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


def test_the_supervisor_ends_within_the_grace_though_a_worker_hangs(serve: Run) -> None:
    process = serve("--workers", "2", "--grace", "1")
    address(process)
    os.kill(children(process)[0], signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    assert code == 0
    assert "worker_killed" in errors and "no sign of life" in errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hangup_ends_nothing(serve: Run, workers: str) -> None:
    process = serve("--workers", workers)
    where = address(process)
    for pid in (process.pid, *(children(process) if workers == "2" else ())):
        os.kill(pid, signal.SIGHUP)
    with Client(where, Options(timeout=PATIENCE)) as client:
        assert len(client.recommend("ann", 3).items) == 3
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0


@pytest.mark.slow
def test_workers_that_served_may_die_as_often_as_callers_make_them(serve: Run) -> None:
    process = serve("--workers", "2")
    where = address(process)
    for _ in range(6):
        before = children(process)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda before=before: len(now := children(process)) == 2 and not set(now) & set(before))
        eventually(lambda: answers(where))
    assert process.poll() is None


def answers(where: str) -> bool:
    """Whether a worker that already serves is reached."""
    try:
        with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
            return len(client.recommend("ann", 3).items) == 3
    except Unavailable:
        return False


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
