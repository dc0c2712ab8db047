"""SIGTERM under load, at random moments: every call that the server took on is answered, every acknowledged event is
there afterwards and no other, and the server ends with status 0. Calls that come later are refused with UNAVAILABLE,
reason DRAINING. Clients that stay all the same find nobody, or gRPC turns their calls away as the connection ends,
partly with CANCELLED: of such a call the log of the server, which has every call, and the store must know nothing.

The ranker is a stand-in that takes 20 ms, so that calls are under way whenever the signal comes.
"""

from __future__ import annotations

import itertools
import random
import re
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "state")]

from grpc import StatusCode
from killed_writers import check
from shop_server import Shop
from shortlist import Client, Event, EventType, Options, ShortlistError

TITLE = "SIGTERM under load"
FULL = {"drains": 100}
SHORT = {"drains": 2}

CLIENTS = 8
CUT_OFF = "shut down before it had the answer"  # DRAINING, too, but of a call that was taken on
FIRST = 50  # calls that may find nobody yet
NOBODY = "failed to connect to all addresses"  # gRPC's words for a call that was never sent


def torture(folder: Path, seed: int, drains: int) -> list[str]:
    """So many servers are started and drained; what was counted. AssertionError where a call is lost."""
    draw, shop, load = random.Random(seed), Shop.publish(folder), _Load()
    state = f"sqlite:{folder}/state.db"
    for number in range(drains):
        with shop.serve(1, state, log_level="debug", FAKE_RANKER_SECONDS="0.02") as address:
            threads = [threading.Thread(target=load.go_on, args=(address, f"s{number}c{c}")) for c in range(CLIENTS)]
            for thread in threads:
                thread.start()
            load.wait(CLIENTS)
            time.sleep(draw.uniform(0, 0.3))
        for thread in threads:
            thread.join()
    taken_on = set(re.findall(r'"request_id": "([^"]+)"', (folder / "server.log").read_text()))
    assert load.answered <= taken_on, "the log does not have every call"
    lost = [*load.lost, *((load.turned_away - load.answered) & taken_on)]
    assert not lost, f"{len(lost)} calls are lost: {lost[:3]}"
    stored = check(state, load.acknowledged).stored
    assert stored == len(load.acknowledged), f"{stored - len(load.acknowledged)} batches are stored, but not answered"
    answers, batches = len(load.answered), len(load.acknowledged)
    return [
        f"{drains:,} servers, {CLIENTS} clients: {answers:,} answers and {batches:,} batches of events acknowledged, "
        "all of them there; 0 calls lost",
        f"{load.counts['refused']:,} calls refused as DRAINING, {load.counts['nobody']:,} found nobody, "
        f"{len(load.turned_away):,} turned away by gRPC at the end, without a trace",
    ]


class _Load:
    """Clients that ask and write until their server is gone."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self.answered: set[str] = set()
        self.acknowledged: set[str] = set()
        self.turned_away: set[str] = set()
        self.lost: list[str] = []

    def wait(self, answers: int) -> None:
        """Return after so many more answers, or once a call is lost."""
        enough = len(self.answered) + answers
        while len(self.answered) < enough and not self.lost:
            time.sleep(0.001)

    def go_on(self, address: str, name: str) -> None:
        """Ask, write and so on under ids of `name`."""
        with Client(address, Options(timeout=60, batch_timeout=60, max_attempts=1)) as client:
            for number in itertools.count():
                id = f"{name}n{number}"
                try:
                    self._once(client, id)
                except ShortlistError as error:
                    if error.reason == "DRAINING" and CUT_OFF not in error.message:
                        self.counts["refused"] += 1
                        time.sleep(0.01)
                    elif NOBODY in error.message:
                        if number < FIRST:  # an older server had this port, and gRPC waits before it tries it again
                            time.sleep(0.1)
                            continue
                        self.counts["nobody"] += 1
                        return
                    elif error.code in (StatusCode.CANCELLED, StatusCode.UNAVAILABLE) and not error.reason:
                        self.turned_away.add(id)
                        return
                    else:
                        self.lost.append(repr(error))
                        return

    def _once(self, client: Client, id: str) -> None:
        answer = client.recommend(id, 5, request_id=id)
        if len(answer.items) != 5 or answer.degraded:
            self.lost.append(str(answer))
        self.answered.add(id)
        shown = EventType.EVENT_TYPE_IMPRESSION  # not counted, as the stand-ins' server loads TensorFlow to count
        events = [Event(event_id=f"{id}-{i}", user_id="u", item_id="i1", event_type=shown) for i in range(3)]
        client.write_events(events)
        self.acknowledged.add(id)
