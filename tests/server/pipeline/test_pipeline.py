from __future__ import annotations

import time

import numpy as np
import pytest
import server_fakes as fakes

from shortlist_core.errors import DeadlineError, NotFoundError
from shortlist_ranking.selection import select
from shortlist_server.base.query import Filter, Plan
from shortlist_server.pipeline import pipeline
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.requests import Call, CallerGoneError, Job
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System
from shortlist_state import LiveUser, StateStore


def job(**plan) -> Job:
    return Job(Plan(request_id="r", include_trace=True, **plan), Call())


@pytest.fixture
def run(system: System, store: StateStore):
    thread, live = RankThread(), LiveUsers(store)

    def run(*jobs: Job, work=pipeline.recommend) -> list[Job]:
        work(Batch(system, live, thread, list(jobs)))
        return list(jobs)

    yield run
    thread.close()
    live.close()


def spend(call: Call) -> None:
    call.deadline = time.monotonic() - 1


def leave(call: Call) -> None:
    call.cancelled = True


GONE = pytest.mark.parametrize(("go", "error"), [(spend, DeadlineError), (leave, CallerGoneError)])


@GONE
def test_nothing_runs_for_a_caller_who_is_gone_at_the_start(run, system: System, go, error) -> None:
    gone = job()
    go(gone.call)
    run(gone)
    assert isinstance(gone.error, error) and gone.answer is None
    assert system.retriever.calls == [] and system.ranker.calls == 0


@GONE
def test_no_retrieval_runs_once_the_caller_is_gone(run, system: System, store, monkeypatch, go, error) -> None:
    gone = job(user_id="ann")
    monkeypatch.setattr(store, "read", lambda users, limit: go(gone.call) or [LiveUser([], False)] * len(users))
    run(gone)
    assert isinstance(gone.error, error) and system.retriever.calls == []


@GONE
def test_no_ranking_runs_once_the_caller_is_gone(run, system: System, go, error) -> None:
    gone = job()
    system.retriever.before = lambda: go(gone.call)
    run(gone)
    assert isinstance(gone.error, error)
    assert system.retriever.calls == ["retrieve"] and system.ranker.calls == 0
    assert [stage.stage for stage in gone.trace] == ["hydrate", "retrieve"]


@GONE
def test_nothing_is_selected_once_the_caller_is_gone(run, system: System, go, error) -> None:
    gone = job()
    system.ranker.before = lambda: go(gone.call)
    run(gone)
    assert isinstance(gone.error, error) and gone.answer is None
    assert [stage.stage for stage in gone.trace] == ["hydrate", "retrieve", "filter", "rank"]


def test_a_deadline_names_the_stage_that_it_came_before(run, system: System) -> None:
    gone = job()
    system.retriever.before = lambda: spend(gone.call)
    run(gone)
    assert gone.error is not None and gone.error.metadata == {"stage": "filter"}


def test_who_is_gone_does_not_change_the_answers_of_the_others(run, system: System) -> None:
    first, gone, last = job(user_id="ann", count=3), job(user_id="bob"), job(user_id="bob", count=2)
    system.retriever.before = lambda: spend(gone.call)
    run(first, gone, last)
    alone = run(job(user_id="ann", count=3))[0], run(job(user_id="bob", count=2))[0]
    assert [each.result().items.tolist() for each in (first, last)] == [each.result().items.tolist() for each in alone]
    with pytest.raises(DeadlineError):
        gone.result()


def test_each_job_of_a_batch_shows_the_best_of_its_own_scores(run, system: System) -> None:
    """Equal scores keep their order, -0 is 0, and what is no finite number comes last, in its order."""
    values = np.array([0.5, np.nan, -0.0, 0.0, 0.9, np.inf, 0.5, -1, 0.9, -np.inf], np.float32)
    system.ranker.scores = lambda items: values[np.asarray(items) % len(values)]
    jobs = [job(count=3), job(user_id="ann", count=40), job(count=25), job(count=1)]
    for each in run(*jobs):
        seen = {0, 1, 2} if each.plan.user_id else set()  # an impression is not seen
        rows = np.array([row for row in range(fakes.ITEMS) if row not in seen])
        scores = values[rows % len(values)]
        shown = select(scores, each.plan.count)
        assert each.result().items.tolist() == rows[shown].tolist()
        assert each.result().scores.tolist() == np.nan_to_num(scores[shown], nan=0, posinf=0, neginf=0).tolist()


def test_one_urgent_request_does_not_cost_the_others_their_ranking(run, system: System) -> None:
    system.ranker.before = lambda: time.sleep(0.5)
    run(job())  # the thread learns how long it takes
    urgent, patient = job(), job()
    urgent.call.deadline = time.monotonic() + 0.45
    run(urgent, patient)
    assert urgent.result().degraded == {"ranker_late"}
    assert patient.result().degraded == frozenset()


def _adds_up(trace) -> None:
    for stage in trace:
        assert stage.entered == stage.left + sum(stage.dropped.values())
        assert stage.micros >= 0 and all(count > 0 for count in stage.dropped.values())
    assert [stage.entered for stage in trace[2:]] == [stage.left for stage in trace[1:-1]]


@pytest.mark.parametrize("obeys", [True, False])
def test_the_trace_accounts_for_every_item(run, system: System, obeys: bool) -> None:
    system.retriever.obeys = obeys
    plan = {"user_id": "ann", "excluded": ("i1", "i4", "i39"), "filter": Filter(("tea", "coffee"), ())}
    [done] = run(job(**plan, count=5, candidate_count=40))
    trace = done.result().trace
    assert [stage.stage for stage in trace] == ["hydrate", "retrieve", "filter", "rank", "select"]
    _adds_up(trace)
    hydrate, retrieve, filtered, _, select = trace
    assert (hydrate.entered, hydrate.left) == (4, 4)
    total = {reason: retrieve.dropped.get(reason, 0) + filtered.dropped.get(reason, 0) for reason in retrieve.dropped}
    total |= {reason: count + retrieve.dropped.get(reason, 0) for reason, count in filtered.dropped.items()}
    # i0, i1, i2 seen; of i1, i4, i39 one is seen already; 13 mugs, of which i2 is seen
    assert total == {"seen": 3, "excluded": 2, "filtered": 12}
    assert retrieve.entered == fakes.ITEMS and select.left == 5
    assert select.dropped == {"below_cut": fakes.ITEMS - 3 - 2 - 12 - 5}


def test_the_trace_accounts_for_items_when_popular_ones_stand_in(run, system: System) -> None:
    system.retriever.empty = True
    [done] = run(job(user_id="ann", candidate_count=10, count=5))
    _adds_up(done.result().trace)


def test_the_trace_of_rank_names_unknown_candidates(run) -> None:
    [done] = run(job(item_ids=("i1", "who?", "i2"), count=3), work=pipeline.rank)
    trace = done.result().trace
    assert [stage.stage for stage in trace] == ["hydrate", "retrieve", "rank", "select"]
    _adds_up(trace)
    assert trace[1].dropped == {"unknown": 1}


def test_an_item_that_nobody_knows_has_no_neighbours(run) -> None:
    with pytest.raises(NotFoundError):
        run(job(item_ids=("who?",)), work=pipeline.similar)
