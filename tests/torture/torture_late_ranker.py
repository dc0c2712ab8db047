"""A ranker that takes up to a second for every fifth call, and clients with 50 to 500 ms, some with a minute: every
answer is either ranked, or in the order and with the scores of retrieval and flagged RANKER_LATE. None comes after its
deadline, as gRPC gives up then. Calls that fail all the same (DEADLINE_EXCEEDED, or OVERLOADED as nobody could have
answered in time) are compared with the same load on a ranker that is quick: those are the machine's. Once the ranker is
quick again, answers are ranked again.

Retrieval and ranker are stand-ins that take no time themselves.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from server_fakes import ITEMS
from shop_server import POINTS, Shop
from shortlist import Client, DeadlineExceeded, Options, ResourceExhausted
from shortlist.v1.recommendation_pb2 import Degradation
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

TITLE = "A ranker that is late"
FULL = {"requests": 1_000, "tolerance": 0.03}
SHORT = {"requests": 60, "tolerance": 0.25}

CLIENTS, COUNT = 4, 5
SECONDS, PATIENCE = (0.05, 0.5), 60  # that a request has, most of them and the others
PATIENT = 0.1  # share of those others
PAUSE = 0.1  # seconds between a client's requests at most, so that there are many stalls
STALLS = "0.2"  # share of the ranker's calls


def torture(folder: Path, seed: int, requests: int, tolerance: float) -> list[str]:
    """So many requests without and with stalls; what was counted.

    AssertionError where an answer is of the wrong order, or where the stalls make a larger share of all fail than
    `tolerance`.
    """
    draw, shop, switch = random.Random(seed), Shop.publish(folder), folder / "stall"
    deadlines = [PATIENCE if draw.random() < PATIENT else draw.uniform(*SECONDS) for _ in range(requests)]
    with shop.serve(workers=1, FAKE_RANKER_STALLS=str(switch)) as address:
        quick = _ask(address, deadlines)
        switch.write_text(STALLS)
        stalling = _ask(address, deadlines)
        switch.unlink()
        _await_ranked(address)
    assert stalling["late"], "the ranker was never late"
    assert stalling["failed"] <= quick["failed"] + tolerance * requests, f"{stalling} where a quick ranker has {quick}"
    return [f"a quick ranker: {_line(quick)}", f"a ranker that stalls: {_line(stalling)}; ranked again afterwards"]


def _ask(address: str, deadlines: Sequence[float]) -> Counter[str]:
    """All requests, from several clients at the same time."""
    counts, broken = Counter[str](), list[str]()

    def ask(own: Sequence[float]) -> None:
        with Client(address, Options(max_attempts=1)) as client:
            client.recommend("u", COUNT, timeout=PATIENCE)  # connected from here on
            for number, seconds in enumerate(own):
                time.sleep(seconds % PAUSE)  # clients that do not call in step
                try:
                    counts[_order(client.recommend(f"u{number}", COUNT, timeout=seconds))] += 1
                except (DeadlineExceeded, ResourceExhausted):
                    counts["failed"] += 1
                except Exception as error:
                    broken.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=ask, args=(deadlines[client::CLIENTS],)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken, broken[:3]
    return counts


def _order(answer: RecommendResponse) -> str:
    """Whether it is ranked or late, which has to agree with its order and its scores."""
    items = [(item.item_id, round(item.score, 4)) for item in answer.items]
    if answer.degraded:
        assert list(answer.degraded) == [Degradation.DEGRADATION_RANKER_LATE], answer.degraded
        assert items == [(f"i{row}", round(1 - row / 100, 4)) for row in range(COUNT)], answer
        return "late"
    assert items == [(f"i{row}", round(row * POINTS[0], 4)) for row in range(ITEMS - 1, ITEMS - 1 - COUNT, -1)], answer
    return "ranked"


def _line(counts: Counter[str]) -> str:
    ranked, late, failed = counts["ranked"], counts["late"], counts["failed"]
    return f"{ranked:,} answers ranked, {late:,} in the order of retrieval and flagged, {failed:,} calls failed"


def _await_ranked(address: str) -> None:
    give_up = time.monotonic() + PATIENCE
    with Client(address, Options(timeout=PATIENCE)) as client:
        while _order(client.recommend("u", COUNT)) != "ranked":
            assert time.monotonic() < give_up, f"not ranked again for {PATIENCE} s"
