"""A request from top to bottom: hydrate, retrieve, filter, rank, select.

A stage that fails or has no time is skipped with a flag; what ends a request early is its own deadline or its caller's
leaving, and then no later stage runs for it. Everything here happens on the model thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from shortlist_core.errors import ShortlistError
from shortlist_core.types import StageTrace
from shortlist_server.pipeline import selection as choosing
from shortlist_server.pipeline import stages
from shortlist_server.pipeline.batch import Batch, Passed
from shortlist_server.pipeline.response_cache import question

Stage = Callable[[Batch], list[Passed]]


def recommend(batch: Batch) -> None:
    """Leave each job with its answer, or with the error that ended it: one retrieval and one model call for all whose
    question was not answered a moment ago.
    """
    hydrated = _pass(batch, hydrate=stages.hydrate)
    new = _answer_again(hydrated)
    _run(new, retrieve=stages.retrieve, filter=stages.filter, rank=stages.rank, select=choosing.select)
    _hold(new)


def retrieve(batch: Batch) -> None:
    """Stage one alone: all candidates, by fused score."""
    _run(batch, hydrate=stages.hydrate, retrieve=stages.retrieve, filter=stages.filter, select=choosing.order)


def rank(batch: Batch) -> None:
    """Stage two alone: the callers' own candidates, all of them, by the ranker's score."""
    _run(batch, hydrate=stages.hydrate, retrieve=stages.score, rank=stages.rank, select=choosing.order)


def similar(batch: Batch) -> None:
    """The neighbours of one item, for a batch of one job; NotFoundError where the bundle does not know it."""
    _run(batch, retrieve=stages.neighbours, filter=stages.filter, select=choosing.order)


def _run(batch: Batch, **steps: Stage) -> None:
    """All the way to the answers."""
    for job in _pass(batch, **steps).jobs:
        job.finish()


def _pass(batch: Batch, **steps: Stage) -> Batch:
    """Through some stages; the jobs that are still wanted then."""
    for name, stage in steps.items():
        batch = _wanted(batch, name)
        if stage is stages.rank and (urgent := stages.urgent(batch)).any():
            # Answered before the ranking of the others begins: they have no time to wait for that either.
            hurried, batch = batch.part(np.flatnonzero(urgent)), batch.part(np.flatnonzero(~urgent))
            _run(hurried, rank=stages.pass_over, select=steps["select"])
            for job in hurried.jobs:
                job.tell()
        if not batch.jobs:
            return batch
        started = time.perf_counter_ns()
        passed = stage(batch)
        micros = (time.perf_counter_ns() - started) // 1_000
        batch.timed.append((name, micros / 1_000_000))
        for job, each in zip(batch.jobs, passed, strict=True):
            job.trace.append(StageTrace(name, each.entered, each.left, micros, each.dropped))
    return batch


def _answer_again(batch: Batch) -> Batch:
    """The jobs that need an answer of their own; the others have the one that was made for their question before.

    Who wants to see what every stage does is shown it.
    """
    if batch.answers is None:
        return batch
    new = []
    for i, job in enumerate(batch.jobs):
        if not job.plan.include_trace:
            job.question = question(batch, i)
            job.answer = batch.answers.get(job.question)
        if job.answer is None:
            new.append(i)
        else:
            job.finish()
            job.tell()
    return batch if len(new) == len(batch.jobs) else batch.part(np.array(new, np.int64))


def _hold(batch: Batch) -> None:
    """Hold on to the answers that are all they should be."""
    for job in batch.jobs:
        if batch.answers and job.question and job.answer and not job.degraded:
            batch.answers.put(job.question, job.answer)


def _wanted(batch: Batch, stage: str) -> Batch:
    """The jobs whose callers still wait; the others end with their error and go no further."""
    wanted = []
    for i, job in enumerate(batch.jobs):
        try:
            job.call.check(stage)
            wanted.append(i)
        except ShortlistError as error:
            job.finish(error)
            job.tell()
    return batch if len(wanted) == len(batch.jobs) else batch.part(np.array(wanted, np.int64))
