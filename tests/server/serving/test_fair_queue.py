"""The fair queue gives callers turns, puts urgent requests first, and starves nobody."""

from __future__ import annotations

from shortlist_server.serving.fair_queue import FairQueue


def drained(queue: FairQueue[str]) -> list[str]:
    taken = []
    while (request := queue.take()) is not None:
        taken.append(request)
    return taken


def test_callers_take_turns_and_each_caller_keeps_its_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for i in range(3):
        queue.put(f"a{i}", "a", urgent=True)
    queue.put("b0", "b", urgent=True)
    queue.put("c0", "c", urgent=True)
    queue.put("b1", "b", urgent=True)
    assert list(queue) == ["a0", "a1", "a2", "b0", "b1", "c0"]
    assert drained(queue) == ["a0", "b0", "c0", "a1", "b1", "a2"]
    assert drained(queue) == []


def test_urgent_requests_come_first_but_not_for_ever() -> None:
    queue: FairQueue[str] = FairQueue()
    for i in range(2):
        queue.put(f"batch{i}", "a", urgent=False)
    for i in range(10):
        queue.put(f"urgent{i}", "a", urgent=True)
    taken = drained(queue)
    assert taken[0] == "urgent0"
    assert taken.index("batch0") == 7
    assert [request for request in taken if request.startswith("urgent")] == [f"urgent{i}" for i in range(10)]


def test_what_is_put_back_comes_next_in_the_order_it_was_taken() -> None:
    queue: FairQueue[str] = FairQueue()
    for caller in "abc":
        for i in range(2):
            queue.put(f"{caller}{i}", caller, urgent=True)
    queue.take()
    queue.put_back([("b0", "b", True), ("c0", "c", True)] if [queue.take(), queue.take()] == ["b0", "c0"] else [])
    assert drained(queue) == ["b0", "c0", "a1", "b1", "c1"]
