"""What calls of both clients end with when all is not well: errors, deadlines, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from every_method import METHODS, call
from shortlist import (
    DeadlineExceeded,
    FieldViolation,
    InvalidArgument,
    Options,
    ResourceExhausted,
    ShortlistError,
    Unavailable,
)
from shortlist.testing import FakeServer

Connect = Callable[..., Any]
UNAVAILABLE = ShortlistError(grpc.StatusCode.UNAVAILABLE, "draining")
OVERLOADED = ShortlistError(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "too much to do",
    reason="OVERLOADED",
    metadata={"queue": "64"},
    retry_after=0.25,
)
INVALID = ShortlistError(
    grpc.StatusCode.INVALID_ARGUMENT,
    "2 fields break a rule",
    reason="INVALID_ARGUMENT",
    violations=(
        FieldViolation("count", "is 1 to 500, not -1"),
        FieldViolation("user_id", "is 1 to 128 characters"),
    ),
)


@pytest.mark.parametrize("method", sorted(METHODS - {"rollback_bundle"}))
def test_unavailable_is_tried_again(server: FakeServer, connect: Connect, method: str) -> None:
    fake = getattr(server, method)
    fake.failures = [UNAVAILABLE, UNAVAILABLE]
    call(connect(server.address), method, timeout=20)
    assert fake.requests == [fake.requests[0]] * 3  # also the ids of events


def test_a_rollback_is_not_tried_again(server: FakeServer, connect: Connect) -> None:
    server.rollback_bundle.failures = [UNAVAILABLE]
    with pytest.raises(Unavailable):
        connect(server.address).rollback_bundle()
    assert len(server.rollback_bundle.calls) == 1


def test_unavailable_four_times_is_given_up(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [UNAVAILABLE] * 9
    with pytest.raises(Unavailable, match="draining"):
        connect(server.address, Options(timeout=20)).recommend("u1")
    assert len(server.recommend.calls) == 4


def test_retries_can_be_turned_off(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [UNAVAILABLE]
    with pytest.raises(Unavailable):
        connect(server.address, Options(max_attempts=1)).recommend("u1")
    assert len(server.recommend.calls) == 1


def test_overload_is_not_tried_again_and_says_when_to_come_back(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [OVERLOADED]
    with pytest.raises(ResourceExhausted) as caught:
        connect(server.address).recommend("u1")
    error = caught.value
    assert (error.reason, error.metadata, error.retry_after) == ("OVERLOADED", {"queue": "64"}, 0.25)
    assert str(error) == "RESOURCE_EXHAUSTED (OVERLOADED): too much to do"
    assert len(server.recommend.calls) == 1


def test_every_violation_is_decoded(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [INVALID]
    with pytest.raises(InvalidArgument) as caught:
        connect(server.address).recommend("u1", count=-1)
    assert [(v.field, v.description) for v in caught.value.violations] == [
        ("count", "is 1 to 500, not -1"),
        ("user_id", "is 1 to 128 characters"),
    ]
    assert caught.value.retry_after is None


def test_a_code_without_a_class_of_its_own_keeps_its_code(server: FakeServer, connect: Connect) -> None:
    server.recommend.failures = [ShortlistError(grpc.StatusCode.INTERNAL, "id 42")]
    with pytest.raises(ShortlistError) as caught:
        connect(server.address).recommend("u1")
    assert (type(caught.value), caught.value.code) == (ShortlistError, grpc.StatusCode.INTERNAL)


def test_nobody_there_is_unavailable(connect: Connect) -> None:
    with pytest.raises(Unavailable):
        connect("127.0.0.1:1", Options(timeout=5)).recommend("u1")


@pytest.mark.parametrize("method", sorted(METHODS - {"stream_recommend"}))
def test_every_call_has_a_deadline_by_default_and_its_own_when_asked(
    server: FakeServer, connect: Connect, method: str
) -> None:
    client = connect(server.address, Options(timeout=30, batch_timeout=300, bundle_timeout=3_000))
    call(client, method)
    call(client, method, timeout=30_000)
    default = {"activate_bundle": 3_000, "rollback_bundle": 3_000}.get(method, 300)
    if method in {"recommend", "retrieve", "rank", "similar_items", "preview_placement"}:
        default = 30
    first, second = (each.timeout for each in getattr(server, method).calls)
    # The wire rounds a timeout up by a little.
    assert default / 10 < first < default * 1.1
    assert 3_000 < second < 33_000


def test_a_stream_has_no_deadline_unless_asked(server: FakeServer, connect: Connect) -> None:
    client = connect(server.address)
    call(client, "stream_recommend")
    call(client, "stream_recommend", timeout=60)
    none, own = (each.timeout for each in server.stream_recommend.calls)
    assert none is None
    assert own is not None and own < 61


def test_a_late_answer_ends_with_deadline_exceeded(server: FakeServer, connect: Connect) -> None:
    server.recommend.delay = 60
    with pytest.raises(DeadlineExceeded) as caught:
        connect(server.address).recommend("u1", timeout=0.2)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_waiting_for_a_server_that_comes_up_late(connect: Connect) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        connect("127.0.0.1:1", Options(timeout=0.3, wait_for_ready=True)).recommend("u1")
    assert time.monotonic() - began >= 0.29
