"""A server that is told to end answers what it has accepted, refuses what comes later, and exits with zero."""

from __future__ import annotations

import signal
import threading

import pytest
from serve_process import Run, address, drains, finish
from server_fakes import Gate
from shortlist import Client, Options
from waiting import PATIENCE


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
