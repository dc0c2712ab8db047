"""Placements off the wire: what holds for a list, what a request may narrow, and how placements change."""

from __future__ import annotations

import json
from pathlib import Path

import grpc
import pytest
from server_wire import Running, failure
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.action_pb2 import ActionWeight
from shortlist.v1.catalog_service_pb2 import ItemAttribute, ItemInput, UpsertItemsRequest
from shortlist.v1.context_attribute_pb2 import ContextAttribute
from shortlist.v1.event_pb2 import EventType
from shortlist.v1.filter_pb2 import (
    AttributeCondition,
    CategoryCondition,
    Condition,
    Filter,
    NumberRange,
    SeenItemsPolicy,
)
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.recommendation_pb2 import Degradation, RuleOutcome, Stage
from shortlist.v1.rule_pb2 import (
    Boost,
    Bury,
    Cap,
    Diversity,
    Grouping,
    ItemSelector,
    LongTail,
    MinimumShare,
    Pin,
    RequestCondition,
    Rule,
    Spacing,
)
from waiting import eventually_async

from shortlist_server.rpc.placement_file import PlacementFile
from shortlist_server.system.placements.placement import Placement as PlacementOfServer

KEEP, REPEATS, DROP = (SeenItemsPolicy.Value(f"SEEN_ITEMS_POLICY_{name}") for name in ("KEEP", "REPEATS", "DROP"))
KEPT, NOT_NOW, NOT_FOR, YIELDED, TOO_FEW = (
    RuleOutcome.Value(f"RULE_OUTCOME_{name}")
    for name in ("KEPT", "NOT_NOW", "NOT_FOR_THIS_REQUEST", "YIELDED", "TOO_FEW_ITEMS")
)
TEA = ItemSelector(condition=Condition(category=CategoryCondition(any_of=["tea"])))  # i0, i3, ... i39
MUGS = ItemSelector(condition=Condition(category=CategoryCondition(any_of=["mugs"])))  # i2, i5, ... i38
TAIL = ItemSelector(long_tail=LongTail())
CATEGORY = Grouping(category=True)


def ids(response) -> list[str]:
    return [item.item_id for item in response.items]


async def preview(running: Running, *rules: Rule, count: int = 4, **request):
    placement = Placement(name="draft", count=count, rules=rules)
    query = api.BatchRecommendQuery(include_trace=True, **request)
    sent = placement_api.PreviewPlacementRequest(placement=placement, query=query)
    return (await running.placements.PreviewPlacement(sent)).recommendation


def traced(response):
    return {rule.name: rule for stage in response.trace if stage.stage == Stage.STAGE_SELECT for rule in stage.rules}


async def put(running: Running, *placements: Placement, **more) -> str:
    request = placement_api.SetPlacementsRequest(placements=placements, **more)
    return (await running.placements.SetPlacements(request)).version


@pytest.fixture
async def running(start, tmp_path: Path) -> Running:
    (tmp_path / "bundles").mkdir()
    return await start()


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        ({"pin": Pin(item_ids=["i5", "i7"], position=2)}, ["i39", "i5", "i7", "i38"]),
        ({"boost": Boost(items=MUGS, factor=2)}, ["i38", "i35", "i32", "i29"]),
        ({"bury": Bury(items=TEA)}, ["i38", "i37", "i35", "i34"]),
        ({"cap": Cap(each=CATEGORY, most=1)}, ["i39", "i38", "i37"]),
        ({"cap": Cap(items=TEA, most=1)}, ["i39", "i38", "i37", "i35"]),
        ({"minimum_share": MinimumShare(items=MUGS, share=0.5)}, ["i39", "i38", "i37", "i35"]),
        (
            {"minimum_share": MinimumShare(items=ItemSelector(long_tail=LongTail()), share=0.5)},
            ["i39", "i38", "i37", "i36"],
        ),
        ({"spacing": Spacing(each=CATEGORY, distance=2)}, ["i39", "i38", "i37", "i36"]),
        ({"diversity": Diversity()}, ["i39", "i38", "i37", "i36"]),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
async def test_each_kind_of_rule_changes_the_list(running: Running, effect, shown) -> None:
    response = await preview(running, Rule(name="r", **effect))
    assert ids(response) == shown
    assert traced(response)["r"].outcome == KEPT
    assert not response.degraded


async def test_the_trace_says_what_each_rule_moved(running: Running) -> None:
    rules = Rule(name="top", pin=Pin(item_ids=["i5"])), Rule(name="mix", cap=Cap(each=CATEGORY, most=1))
    response = await preview(running, *rules)
    assert ids(response) == ["i5", "i39", "i37"]
    moves = {
        name: [(m.item_id, m.old_position, m.new_position) for m in t.moves] for name, t in traced(response).items()
    }
    assert moves == {"top": [("i5", 35, 1)], "mix": [("i38", 2, 0), ("i36", 4, 0)]}
    assert response.items[0].score == pytest.approx(0.05)  # the model's, whatever the rule


async def test_what_yields_names_what_went_first(running: Running) -> None:
    rules = (
        Rule(name="pins", pin=Pin(item_ids=["i36", "i33"])),
        Rule(name="one each", cap=Cap(each=CATEGORY, most=1)),
        Rule(name="rare", minimum_share=MinimumShare(items=MUGS, share=1)),
    )
    trace = traced(await preview(running, *rules))
    assert (trace["one each"].outcome, trace["one each"].yielded_to) == (YIELDED, "pins")
    assert (trace["rare"].outcome, trace["rare"].yielded_to) == (YIELDED, "one each")


async def test_pins_are_left_out_where_the_request_rules_them_out(running: Running) -> None:
    rule = Rule(name="top", pin=Pin(item_ids=["i0", "nobody knows", "i5"]))
    response = await preview(running, rule, user_id="ann", seen_items_policy=DROP)  # ann has seen i0
    assert ids(response)[:2] == ["i5", "i39"]
    assert traced(response)["top"].outcome == TOO_FEW


async def test_rules_hold_within_their_time_and_for_the_requests_that_meet_their_conditions(running: Running) -> None:
    over, phone, new = Rule(name="over", bury=Bury(items=TEA)), Rule(name="phone"), Rule(name="new")
    over.end_time.FromJsonString("2020-01-01T00:00:00Z")
    phone.bury.items.CopyFrom(MUGS)
    phone.when.context_attributes.add(key="device", any_of=["phone", "watch"])
    new.pin.item_ids.append("i1")
    new.when.has_history = False
    desk = await preview(running, over, phone, new, user_id="ann")
    assert {name: rule.outcome for name, rule in traced(desk).items()} == {
        "over": NOT_NOW,
        "phone": NOT_FOR,
        "new": NOT_FOR,
    }
    sent = [ContextAttribute(key="device", value="phone")]
    hand = await preview(running, over, phone, new, user_id="nobody", context_attributes=sent)
    assert ids(hand) == ["i1", "i39", "i37", "i36"]


async def test_rules_go_by_attributes_that_are_written_later(running: Running) -> None:
    attribute = [ItemAttribute(key="brand", value="acme")]
    items = [ItemInput(item_id=f"i{i}", title="x", categories=["tea"], attributes=attribute) for i in (39, 38, 37)]
    await running.catalog.UpsertItems(UpsertItemsRequest(items=items))
    rule = Rule(name="brands", cap=Cap(each=Grouping(attribute_key="brand"), most=1))
    await eventually_async(lambda: _is(running, rule, ["i39", "i36", "i35", "i34"]))


async def _is(running: Running, rule: Rule, shown: list[str]) -> bool:
    return ids(await preview(running, rule)) == shown


async def test_a_minimum_share_finds_items_that_are_no_candidates(running: Running) -> None:
    """Of four candidates none is a mug beyond the first two; the search goes on among the mugs."""
    rule = Rule(name="mugs", minimum_share=MinimumShare(items=MUGS, share=1))
    response = await preview(running, rule, candidate_count=4)
    assert len(ids(response)) == 4 and all(int(id[1:]) % 3 == 2 for id in ids(response))
    assert traced(response)["mugs"].outcome == KEPT


async def test_a_cap_finds_items_beyond_the_candidates_to_fill_the_list(running: Running) -> None:
    """The two candidates are tea and coffee; further ones are looked for among what the caps still let in."""
    rules = Rule(name="tea", cap=Cap(items=TEA, most=1)), Rule(name="each", cap=Cap(each=CATEGORY, most=2))
    response = await preview(running, *rules, candidate_count=2, count=5)
    assert [int(id[1:]) % 3 for id in ids(response)].count(0) == 1 and len(ids(response)) == 5


async def test_a_placement_holds_in_every_method_that_recommends(running: Running) -> None:
    version = await put(running, Placement(name="home", count=2, rules=[Rule(name="r", bury=Bury(items=TEA))]))
    one = await running.api.Recommend(api.RecommendRequest(placement="home"))
    assert (ids(one), one.placement_version) == (["i38", "i37"], version)
    batch = await running.api.BatchRecommend(
        api.BatchRecommendRequest(queries=[api.BatchRecommendQuery(placement="home"), api.BatchRecommendQuery(count=1)])
    )
    assert [ids(each) for each in batch.recommendations] == [["i38", "i37"], ["i39"]]
    stream = running.api.StreamRecommend()
    await stream.write(api.StreamRecommendRequest(placement="home"))
    await stream.write(api.StreamRecommendRequest(placement="cart"))
    await stream.done_writing()
    answers = [answer async for answer in stream]
    assert ids(answers[0].recommendation) == ["i38", "i37"]
    assert answers[1].error.code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_a_placement_that_nobody_knows_is_not_found(running: Running) -> None:
    got = await failure(running.api.Recommend(api.RecommendRequest(placement="home")))
    assert (got.code, got.info.reason) == (grpc.StatusCode.NOT_FOUND, "PLACEMENT_NOT_FOUND")
    assert dict(got.info.metadata) == {"placement": "home"}


STRICT = Placement(
    name="strict",
    count=6,
    candidate_count=30,
    filter=Filter(excluded_categories=["tea"]),
    seen_items_policy=REPEATS,
    diversity=Diversity(strength=0.1),
    action_weights=[ActionWeight(action=EventType.EVENT_TYPE_PURCHASE, weight=1)],
)


async def test_a_request_may_narrow_its_placement(running: Running) -> None:
    await put(running, STRICT)
    narrow = Filter(condition=Condition(price=NumberRange(at_most=5)), included_categories=["mugs"])
    request = api.RecommendRequest(placement="strict", count=3, filter=narrow, seen_items_policy=DROP)
    shown = ids(await running.api.Recommend(request))
    assert len(shown) == 3 and all(int(id[1:]) % 3 == 2 for id in shown)


async def test_a_request_that_would_widen_its_placement_is_refused_with_all_reasons(running: Running) -> None:
    await put(running, STRICT)
    request = api.RecommendRequest(
        placement="strict",
        count=7,
        candidate_count=31,
        seen_items_policy=KEEP,
        diversity=0.5,
        action_weights=[ActionWeight(action=EventType.EVENT_TYPE_CLICK, weight=1)],
    )
    got = await failure(running.api.Recommend(request))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT
    assert set(got.violations) == {"count", "candidate_count", "seen_items_policy", "diversity", "action_weights"}
    assert all("'strict'" in said for said in got.violations.values())


async def test_all_mistakes_in_placements_are_named_at_once_and_nothing_changes(running: Running) -> None:
    before = await put(running, STRICT)
    rules = [
        Rule(name="a", pin=Pin(item_ids=["i1", "i1"], position=501)),
        Rule(name="a", boost=Boost(items=TEA, factor=-1)),
        Rule(name="b", cap=Cap(most=0)),
        Rule(name="c", minimum_share=MinimumShare(items=ItemSelector(long_tail=LongTail(head_share=1.5)), share=2)),
        Rule(name="d", spacing=Spacing(each=Grouping(), distance=51)),
        Rule(name="e"),
        Rule(name="f", diversity=Diversity(strength=2, method=7)),
        Rule(name="g", bury=Bury(items=ItemSelector(condition=Condition(price=NumberRange())))),
    ]
    rules[0].start_time.FromJsonString("2026-01-02T00:00:00Z")
    rules[0].end_time.FromJsonString("2026-01-01T00:00:00Z")
    got = await failure(put(running, Placement(name="x", count=501, rules=rules), Placement(name="x")))
    assert set(got.violations) == {
        "placements[1].name",
        "placements[0].count",
        *(
            f"placements[0].rules[{path}"
            for path in (
                "0].pin.item_ids[1]", "0].pin.position", "0].end_time", "1].name", "1].boost.factor", "2].cap.most",
                "2].cap", "3].minimum_share.share", "3].minimum_share.items.long_tail.head_share",
                "4].spacing.distance", "4].spacing.each", "5]", "6].diversity.strength", "6].diversity.method",
                "7].bury.items.condition.price",
            )
        ),
    }  # fmt: skip
    assert (await running.placements.ListPlacements(placement_api.ListPlacementsRequest())).version == before


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (Rule(pin=Pin(item_ids=["a", "b"])), Rule(pin=Pin(item_ids=["c"], position=2)), "place 2"),
        (Rule(pin=Pin(item_ids=["a"])), Rule(pin=Pin(item_ids=["a"], position=2)), "both pin a"),
        (Rule(cap=Cap(items=TEA, most=1)), Rule(minimum_share=MinimumShare(items=TEA, share=0.5)), "2 at least"),
        (Rule(bury=Bury(items=TEA)), Rule(boost=Boost(items=TEA, factor=2)), "buries"),
        (Rule(bury=Bury(items=TEA)), Rule(minimum_share=MinimumShare(items=TEA, share=0.5)), "buries"),
        (Rule(boost=Boost(items=TEA, factor=0.5)), Rule(boost=Boost(items=TEA, factor=2)), "raises"),
    ],
)
async def test_rules_that_contradict_each_other_are_named_when_they_are_set(running: Running, first, second, reason):
    first.name, second.name = "first", "second"
    got = await failure(put(running, Placement(name="home", count=4, rules=[first, second])))
    assert list(got.violations) == ["placements[0].rules[1]"]
    assert "contradicts the rule 'first'" in got.violations["placements[0].rules[1]"]
    assert reason in got.violations["placements[0].rules[1]"]
    first.end_time.FromJsonString("2026-01-01T00:00:00Z")
    second.start_time.FromJsonString("2026-01-01T00:00:00Z")
    await put(running, Placement(name="home", count=4, rules=[first, second]))  # they never hold together


async def test_nobodys_change_is_lost_and_a_check_changes_nothing(running: Running) -> None:
    first = await put(running, Placement(name="home"))
    second = await put(running, Placement(name="home", count=3), expected_version=first)
    got = await failure(put(running, Placement(name="cart"), expected_version=first))
    assert (got.code, got.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PLACEMENTS_CHANGED")
    assert dict(got.info.metadata) == {"version": second}
    checked = await put(running, Placement(name="home"), validate_only=True)
    assert checked == first  # equal placements have equal versions
    assert (await running.placements.ListPlacements(placement_api.ListPlacementsRequest())).version == second


async def test_the_file_is_followed_and_one_with_a_mistake_changes_nothing(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "bundles" / "placements.json"
    await put(running, Placement(name="home", count=2))
    assert json.loads(file.read_text()) == {"placements": [{"name": "home", "count": 2}]}

    async def listed():
        return await running.placements.ListPlacements(placement_api.ListPlacementsRequest())

    async def until(condition) -> None:
        async def is_so() -> bool:
            return condition(await listed())

        await eventually_async(is_so)

    file.write_text('{"placements": [{"name": "home", "count": 3}, {"name": "cart"}]}')
    await until(lambda answer: [each.name for each in answer.placements] == ["home", "cart"])
    assert len(ids(await running.api.Recommend(api.RecommendRequest(placement="home")))) == 3
    file.write_text('{"placements": [{"name": "home", "count": 999}, {"name": ""}]}')
    await until(lambda answer: len(answer.refusals) == 2)
    assert len(ids(await running.api.Recommend(api.RecommendRequest(placement="home")))) == 3
    file.write_text('{"placement": []}')
    await until(lambda answer: "placement" in "".join(answer.refusals) and len(answer.refusals) == 1)
    file.unlink()
    await until(lambda answer: "is gone" in "".join(answer.refusals) and len(answer.placements) == 2)
    file.write_text("{}")
    await until(lambda answer: not answer.placements and not answer.refusals)


async def test_a_file_with_a_mistake_at_the_start_is_told_and_mended_while_the_server_serves(start, tmp_path) -> None:
    (tmp_path / "bundles").mkdir()
    file = tmp_path / "bundles" / "placements.json"
    file.write_text('{"placements": [{"name": "home", "count": 999}]}')
    running = await start()
    listing = placement_api.ListPlacementsRequest()
    assert "placements[0].count" in "".join((await running.placements.ListPlacements(listing)).refusals)
    file.write_text('{"placements": [{"name": "home", "count": 9}]}')

    async def is_mended() -> bool:
        return [each.name for each in (await running.placements.ListPlacements(listing)).placements] == ["home"]

    await eventually_async(is_mended)


async def test_two_processes_lose_no_change_of_one_another(running: Running, tmp_path: Path) -> None:
    first = await put(running, Placement(name="home"))
    other = PlacementFile(tmp_path / "bundles")
    placements = [PlacementOfServer("cart")]
    other.replace([Placement(name="cart")], placements, first)
    got = await failure(put(running, Placement(name="home", count=3), expected_version=first))
    assert got.info.reason == "PLACEMENTS_CHANGED"


async def test_a_condition_on_the_user_goes_by_what_was_sent(running: Running) -> None:
    rule = Rule(name="club", pin=Pin(item_ids=["i1"]))
    rule.when.CopyFrom(RequestCondition(user_attributes=[AttributeCondition(key="club")]))
    assert ids(await preview(running, rule))[0] == "i39"
    assert ids(await preview(running, rule, user_attributes=[{"key": "club", "value": "gold"}]))[0] == "i1"


async def test_where_rules_fail_the_list_is_by_score_and_says_so(running: Running) -> None:
    def broken(rows):
        raise RuntimeError("no vectors")

    running.system.ranker.vectors = broken
    response = await preview(running, Rule(name="d", diversity=Diversity(strength=0.5)))
    assert ids(response) == ["i39", "i38", "i37", "i36"]
    assert list(response.degraded) == [Degradation.DEGRADATION_RULES_SKIPPED]
