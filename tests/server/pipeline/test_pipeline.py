from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import server_fakes as fakes

from shortlist_core.errors import DeadlineError, NotFoundError, ShortlistError
from shortlist_core.types import Event, EventType
from shortlist_ranking.arrangement.arrange import arrange
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import CallerGoneError, PendingRequest, RequestContext
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.filters import Filter
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import LiveUser, StateStore


def pending(**query) -> PendingRequest:
    return PendingRequest(Query(request_id="r", include_trace=True, **query), RequestContext())


@pytest.fixture
def run(system: LoadedBundle, store: StateStore):
    thread, live = RankThread(), LiveUsers(store)

    def run(*requests: PendingRequest, work=Pipeline.recommend) -> list[PendingRequest]:
        done = Run()
        work(Pipeline(live, thread), system, requests, done)
        run.stages = [stage for stage, _ in done.stage_seconds]
        return list(requests)

    yield run
    thread.close()
    live.close()


def spend(context: RequestContext) -> None:
    context.deadline = time.monotonic() - 1


def leave(context: RequestContext) -> None:
    context.cancelled = True


def ends_with(request: PendingRequest, error: type[ShortlistError]) -> bool:
    with pytest.raises(error):
        request.result()
    return request.answered is None


GONE = pytest.mark.parametrize(("go", "error"), [(spend, DeadlineError), (leave, CallerGoneError)])


@GONE
def test_nothing_runs_for_a_caller_who_is_gone_at_the_start(run, system: LoadedBundle, go, error) -> None:
    gone = pending()
    go(gone.context)
    run(gone)
    assert ends_with(gone, error)
    assert system.retriever.calls == [] and system.ranker.calls == 0


@GONE
def test_no_retrieval_runs_once_the_caller_is_gone(run, system: LoadedBundle, store, monkeypatch, go, error) -> None:
    gone = pending(user_id="ann")
    monkeypatch.setattr(store, "read", lambda users, limit: go(gone.context) or [LiveUser([], False)] * len(users))
    run(gone)
    assert ends_with(gone, error) and system.retriever.calls == []


@GONE
def test_no_ranking_runs_once_the_caller_is_gone(run, system: LoadedBundle, go, error) -> None:
    gone = pending()
    system.retriever.before = lambda: go(gone.context)
    run(gone)
    assert ends_with(gone, error)
    assert system.retriever.calls == ["retrieve"] and system.ranker.calls == 0
    assert run.stages == ["hydrate", "retrieve"]


@GONE
def test_nothing_is_selected_once_the_caller_is_gone(run, system: LoadedBundle, go, error) -> None:
    gone = pending()
    system.ranker.before = lambda: go(gone.context)
    run(gone)
    assert ends_with(gone, error)
    assert run.stages == ["hydrate", "retrieve", "filter", "rank"]


def test_a_deadline_names_the_stage_that_it_came_before(run, system: LoadedBundle) -> None:
    gone = pending()
    system.retriever.before = lambda: spend(gone.context)
    run(gone)
    with pytest.raises(DeadlineError) as ended:
        gone.result()
    assert ended.value.metadata == {"stage": "filter"}


def test_who_is_gone_does_not_change_the_answers_of_the_others(run, system: LoadedBundle) -> None:
    first, gone, last = pending(user_id="ann", count=3), pending(user_id="bob"), pending(user_id="bob", count=2)
    system.retriever.before = lambda: spend(gone.context)
    run(first, gone, last)
    alone = run(pending(user_id="ann", count=3))[0], run(pending(user_id="bob", count=2))[0]
    assert [each.result().items.tolist() for each in (first, last)] == [each.result().items.tolist() for each in alone]
    with pytest.raises(DeadlineError):
        gone.result()


def test_each_job_of_a_batch_shows_the_best_of_its_own_scores(run, system: LoadedBundle) -> None:
    """Equal scores keep their order, -0 is 0, and what is no finite number comes last, in its order."""
    values = np.array([0.5, np.nan, -0.0, 0.0, 0.9, np.inf, 0.5, -1, 0.9, -np.inf], np.float32)
    system.ranker.scores = lambda items: values[np.asarray(items) % len(values)]
    jobs = [pending(count=3), pending(user_id="ann", count=40), pending(count=25), pending(count=1)]
    for each in run(*jobs):
        seen = {0, 1, 2} if each.query.user_id else set()  # an impression is not seen
        rows = np.array([row for row in range(fakes.ITEMS) if row not in seen])
        scores = values[rows % len(values)]
        shown = arrange(scores, each.query.count).positions
        assert each.result().items.tolist() == rows[shown].tolist()
        assert each.result().scores.tolist() == np.nan_to_num(scores[shown], nan=0, posinf=0, neginf=0).tolist()


def test_one_urgent_request_does_not_cost_the_others_their_ranking(run, system: LoadedBundle) -> None:
    system.ranker.before = lambda: time.sleep(0.5)
    run(pending())  # the thread learns how long it takes
    urgent, patient = pending(), pending()
    urgent.context.deadline = time.monotonic() + 0.45
    run(urgent, patient)
    assert urgent.result().degraded == {"ranker_late"}
    assert patient.result().degraded == frozenset()


def _adds_up(trace) -> None:
    for stage in trace:
        assert stage.entered == stage.left + sum(stage.dropped.values())
        assert stage.micros >= 0 and all(count > 0 for count in stage.dropped.values())
    assert [stage.entered for stage in trace[2:]] == [stage.left for stage in trace[1:-1]]


@pytest.mark.parametrize("obeys", [True, False])
def test_the_trace_accounts_for_every_item(run, system: LoadedBundle, obeys: bool) -> None:
    system.retriever.obeys = obeys
    query = {
        "user_id": "ann",
        "excluded": ("i1", "i4", "i39"),
        "filter": Filter((IncludedCategories(("coffee", "tea")),)),
    }
    [done] = run(pending(**query, count=5, candidate_count=40))
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


def test_the_trace_accounts_for_items_when_popular_ones_stand_in(run, system: LoadedBundle) -> None:
    system.retriever.empty = True
    [done] = run(pending(user_id="ann", candidate_count=10, count=5))
    _adds_up(done.result().trace)


def test_the_trace_of_rank_names_unknown_candidates(run) -> None:
    [done] = run(pending(item_ids=("i1", "who?", "i2"), count=3), work=Pipeline.rank)
    trace = done.result().trace
    assert [stage.stage for stage in trace] == ["hydrate", "retrieve", "rank", "select"]
    _adds_up(trace)
    assert trace[1].dropped == {"unknown": 1}


def test_ratings_below_the_bundles_line_are_dislikes(system: LoadedBundle, store: StateStore) -> None:
    rated = [Event(f"e{n}", "new", f"i{n}", 1, EventType.RATING, float(n)) for n in range(1, 6)]
    live = LiveUsers(store)
    for below, dislikes in ((3.0, 2), (-np.inf, 0)):
        batch = Batch.begin(replace(system, dislike_below=below), [pending(user_id="new", context=tuple(rated))])
        types = hydrate(live, batch)[0].queries.types
        assert types.tolist() == [EventType.DISLIKE] * dislikes + [EventType.RATING] * (5 - dislikes)
    live.close()


def test_an_item_that_nobody_knows_has_no_neighbours(run) -> None:
    with pytest.raises(NotFoundError):
        run(pending(item_ids=("who?",)), work=Pipeline.similar)
