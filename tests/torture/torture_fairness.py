"""A polite caller, who asks ten times a second and waits for a second, beside another caller who takes all that there
is: batches of 64 in many calls at the same time, 16 streams kept full, 80 callers that list the catalogue, single
queries at three times the peak. At least 95 of 100 polite calls are answered in time, beside each of them.

Each caller has a token. The polite one writes events beside the one that lists, and else asks for recommendations.
"""

from __future__ import annotations

from pathlib import Path

from load_generator import Generator, Load, Outcome, generate, percentile
from served import Served, served
from shortlist.v1.catalog_service_pb2 import ListItemsRequest
from shortlist.v1.event_pb2 import Event, EventType
from shortlist.v1.event_service_pb2 import WriteEventsRequest
from shortlist.v1.recommendation_service_pb2 import BatchRecommendRequest, StreamRecommendRequest
from torture_overload import CONNECTIONS, RECOMMEND, REQUESTS, cores, publish

from shortlist_server.rpc.token_file import new_token

TITLE = "Fairness"
FULL = {"items": 20_000, "seconds": 30.0, "least": 0.95}
SHORT = {"items": 0, "seconds": 2.0, "least": 0.5}  # on a machine that is busy with other things

SERVICE = RECOMMEND.rpartition("/")[0]
WRITE = "/shortlist.v1.EventService/WriteEvents"
LIST = "/shortlist.v1.CatalogService/ListItems"
ASIDE = 1.0  # seconds for which the other caller is at it before the polite one comes, and afterwards
BATCH = BatchRecommendRequest(queries=[{"user_id": f"u{user}"} for user in range(64)])


def torture(folder: Path, seed: int, items: int, seconds: float, least: float) -> list[str]:
    """Each of the greedy callers for so many seconds. AssertionError where a smaller share than `least` is in time."""
    program, (server_core, load_core) = publish(folder / "bundles", items), cores()
    (polite, polite_line), (greedy, greedy_line) = (new_token(name=name) for name in ("polite", "greedy"))
    tokens = folder / "tokens"
    tokens.write_text(f"{polite_line}\n{greedy_line}\n")
    told: list[str] = []
    arguments = ("--token-file", str(tokens), "--log-level", "error")
    with served(folder / "bundles", *arguments, program=program, cores=server_core) as server:
        waiting = Load(server.address, RECOMMEND, REQUESTS, 3.0, callers=32, connections=4, token=greedy)
        peak = generate(waiting, load_core)
        alone = generate(_polite(server, RECOMMEND, polite, min(seconds, 10.0)), load_core)
        told.append(f"alone: {_told(alone)}")
        for name, method, load in _greedy(server, greedy, seconds + 2 * ASIDE, peak.rate):
            other = Generator(load, load_core, nice=5)
            outcome = generate(_polite(server, method, polite, seconds), load_core)
            taken = other.outcome()
            assert taken.ends["OK"], (name, taken.ends)
            assert outcome.answered >= least, (name, outcome.ends)
            told.append(f"beside {name}: {_told(outcome)}; the other got {taken.rate:,.0f} answers a second")
    return told


def _polite(server: Served, method: str, token: str, seconds: float) -> Load:
    requests = REQUESTS if method == RECOMMEND else [_event(number) for number in range(1_000)]
    return Load(server.address, method, requests, seconds, rate=10, token=token)


def _greedy(server: Served, token: str, seconds: float, peak: float) -> list[tuple[str, str, Load]]:
    """What the other caller does, in words, the method that the polite one calls meanwhile, and the load."""

    def load(method: str, requests: list[str], **how: object) -> Load:
        return Load(server.address, method, requests, seconds, token=token, **how)  # type: ignore[arg-type]

    message = StreamRecommendRequest(user_id="u1").SerializeToString().hex()
    batch = BATCH.SerializeToString().hex()
    page = ListItemsRequest(page_size=1_000).SerializeToString().hex()
    many = {"connections": CONNECTIONS, "deadline": 10.0}
    streams = load(f"{SERVICE}/StreamRecommend", [message], stream=True, callers=16, connections=4)
    batches = load(f"{SERVICE}/BatchRecommend", [batch], callers=32, **many)
    lists = load(LIST, [page], callers=80, **many)
    flood = load(RECOMMEND, REQUESTS, rate=3 * peak, connections=CONNECTIONS)
    return [
        ("32 calls of BatchRecommend, 64 queries each", RECOMMEND, batches),
        ("16 streams kept full", RECOMMEND, streams),
        ("80 callers of ListItems", WRITE, lists),
        ("single queries at 3 times the peak", RECOMMEND, flood),
    ]


def _event(number: int) -> str:
    event = Event(event_id=f"e{number}", user_id=f"u{number}", item_id="i1", event_type=EventType.EVENT_TYPE_VIEW)
    return WriteEventsRequest(events=[event]).SerializeToString().hex()


def _told(outcome: Outcome) -> str:
    late = ", ".join(f"{count} {code}" for code, count in outcome.ends.items() if code != "OK")
    return (
        f"{outcome.ends['OK']:,} of {outcome.calls:,} polite calls in time ({100 * outcome.answered:.1f} %"
        f"{'; ' + late if late else ''}), {percentile(outcome.answered_ms, 0.5):.0f} ms at the median,"
        f" {percentile(outcome.answered_ms, 0.99):.0f} ms at the 99th percentile"
    )
