"""A request from top to bottom: hydrate, retrieve, filter, rank, select.

A stage that fails or has no time is skipped with a flag; what ends a request early is its own deadline or its caller's
leaving, and then no later stage runs for it. Everything here happens on the model thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.errors import ShortlistError
from core.types import Int64s, StageTrace
from server import choosing, stages
from server.batch import Batch, Passed
from server.jobs import Job

Stage = Callable[[Batch], list[Passed]]


def recommend(batch: Batch) -> None:
    """Leave each job with its answer, or with the error that ended it: one retrieval and one model call for all."""
    _run(
        batch,
        hydrate=stages.hydrate,
        retrieve=stages.retrieve,
        filter=stages.filter,
        rank=stages.rank,
        select=choosing.select,
    )


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
    everybody = batch.jobs
    for name, stage in steps.items():
        waiting = _waiting(batch.jobs, name)
        if len(waiting) < len(batch.jobs):
            batch = batch.part(waiting)
        if not batch.jobs:
            break
        started = time.perf_counter_ns()
        passed = stage(batch)
        micros = (time.perf_counter_ns() - started) // 1_000
        for job, each in zip(batch.jobs, passed, strict=True):
            job.trace.append(StageTrace(name, each.entered, each.left, micros, each.dropped))
    for job in everybody:
        if job.answer is not None:
            ranked = replace(job.answer.ranked, degraded=frozenset(job.degraded), trace=tuple(job.trace))
            job.answer = replace(job.answer, ranked=ranked)


def _waiting(jobs: list[Job], stage: str) -> Int64s:
    """Positions of the jobs whose callers still wait; the others get their error and go no further."""
    waiting = []
    for i, job in enumerate(jobs):
        try:
            job.call.check(stage)
            waiting.append(i)
        except ShortlistError as error:
            job.error = error
    return np.array(waiting, np.int64)
