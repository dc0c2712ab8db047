"""`shortlist call` against a real server: what a person reads, and the exit code a script sees."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from call_server import Server, Shell
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from shortlist import Filter, conditions
from shortlist.v1.event_pb2 import EventType

from shortlist_cli.call import Kind


def test_recommend_shows_items_with_source_and_reason(call: Shell) -> None:
    result = call("recommend", "--user", "u1")
    assert result.exit_code == 0
    for shown in ("i1", "[red]Kettle", "0.5", "two_tower #3", "Because you bought Tea", "ranker late", "bundle b1"):
        assert shown in result.stdout
    assert "\x1b" not in result.stdout


def test_recommend_passes_its_options_on(call: Shell, server: Server) -> None:
    options = "--count 7 --candidates 50 --exclude i8 --exclude i9 --category tea --seen-items keep --diversity 0.5"
    call("recommend", "--user", "u1", *options.split())
    (sent,) = server.requests
    assert (sent.count, sent.candidate_count, sent.diversity, sent.seen_items_policy) == (7, 50, 0.5, 2)
    assert (list(sent.excluded_item_ids), list(sent.filter.included_categories)) == (["i8", "i9"], ["tea"])


@pytest.mark.parametrize("command", [("recommend",), ("retrieve",), ("rank", "--item", "i3")])
def test_attributes_are_keys_and_values(call: Shell, server: Server, command: tuple[str, ...]) -> None:
    assert call(*command, "--attribute", "country=France", "--attribute", "motto=a=b").exit_code == 0
    sent = [(each.key, each.value) for each in server.requests[-1].user_attributes]
    assert sent == [("country", "France"), ("motto", "a=b")]


@pytest.mark.parametrize("command", [("recommend", "--user", "u1"), ("rank", "--item", "i3")])
def test_weights_of_actions_are_passed_on_and_their_probabilities_shown(
    call: Shell, server: Server, command: tuple[str, ...]
) -> None:
    result = call(*command, "--action-weight", "purchase=1", "--action-weight", "dislike=-0.5", "--actions")
    assert [(each.action, each.weight) for each in server.requests[-1].action_weights] == [(4, 1.0), (6, -0.5)]
    assert "purchase 0.25" in result.stdout
    assert "purchase" not in call(*command).stdout


@pytest.mark.parametrize("weight", ["purchase", "stare=1", "purchase=much", "impression=1"])
def test_a_weight_that_is_none_is_named(call: Shell, server: Server, weight: str) -> None:
    result = call("recommend", "--action-weight", "view=1", "--action-weight", weight)
    assert result.exit_code == 2
    assert "ACTION=NUMBER" in result.stderr or "KEY=VALUE" in result.stderr
    assert repr(weight) in result.stderr and "'view=1'" not in result.stderr
    assert server.requests == []


def test_trace_shows_the_stages_and_survives_a_reason_it_does_not_know(call: Shell) -> None:
    result = call("recommend", "--user", "u1", "--trace")
    assert "seen 4, 99 1" in result.stdout
    assert "1.50" in result.stdout


def test_conditions_of_the_command_line_must_all_be_met(call: Shell, server: Server) -> None:
    where = '{"attribute": {"key": "colour", "any_of": ["red"]}}'
    call("recommend", "--price-min", "0", "--price-max", "2.5", "--available", "--where", where, "--category", "tea")
    [request] = server.requests
    red = conditions.attribute("colour", "red")
    together = conditions.all_of(conditions.price(at_least=0, at_most=2.5), conditions.available(), red)
    assert request.filter == Filter(included_categories=["tea"], condition=together)
    call("similar", "--item", "i1", "--where", where)
    assert server.requests[-1].filter == Filter(condition=red)


def test_a_condition_that_is_none_is_named(call: Shell) -> None:
    result = call("retrieve", "--where", '{"colour": "red"}')
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert "--where is no condition in JSON" in result.stderr and "colour" in result.stderr


def test_json_is_json_and_nothing_else(call: Shell) -> None:
    answer = json.loads(call("recommend", "--user", "u1", "--trace", "--json").stdout)
    assert answer["items"][0]["reason"]["text"] == "Because you bought Tea"
    assert answer["trace"][0]["entered_count"] == 9


def test_retrieve_rank_and_similar(call: Shell, server: Server) -> None:
    assert "two_tower #3" in call("retrieve", "--user", "u1", "--count", "5").stdout
    assert server.requests[-1].candidate_count == 5
    ranked = call("rank", "--user", "u1", "--item", "i3", "--item", "i4")
    assert "unknown to the serving bundle: i4" in ranked.stdout
    assert list(server.requests[-1].item_ids) == ["i3", "i4"]
    assert "0.25" in call("similar", "--item", "i1").stdout


def test_events_writes_one_event_per_item(call: Shell, server: Server) -> None:
    result = call("events", "--user", "u1", "--item", "i1", "--item", "i2", "--type", "purchase", "--value", "2")
    assert result.stdout == "2 written, 0 known already\n"
    sent = server.requests[0].events
    assert [(e.item_id, e.event_type, e.value) for e in sent] == [
        ("i1", EventType.EVENT_TYPE_PURCHASE, 2.0),
        ("i2", EventType.EVENT_TYPE_PURCHASE, 2.0),
    ]


def test_every_event_type_can_be_written() -> None:
    names = [name.removeprefix("EVENT_TYPE_").lower() for name, _ in EventType.items()]
    assert list(get_args(Kind)) == names[1:]


def test_events_without_a_value_leave_it_to_the_server(call: Shell, server: Server) -> None:
    call("events", "--user", "u1", "--item", "i1")
    assert not server.requests[0].events[0].HasField("value")


def test_health_is_also_an_exit_code(call: Shell) -> None:
    healthy, not_serving = call("health"), call("health", "--service", "shortlist.v1.EventService")
    assert (healthy.exit_code, healthy.stdout) == (0, "SERVING\n")
    assert (not_serving.exit_code, not_serving.stdout) == (1, "NOT_SERVING\n")


def test_a_refused_request_names_every_field_in_one_line(call: Shell, server: Server) -> None:
    violations = [{"field": "count", "description": "is 1 to 500"}, {"field": "user_id", "description": "is too long"}]
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.BadRequest(field_violations=violations))
    server.failure = status_pb2.Status(code=3, message="no", details=[detail])
    result = call("recommend", "--user", "u1", "--count", "-1")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "count: is 1 to 500; user_id: is too long" in result.stderr


def test_what_the_server_says_is_passed_on(call: Shell, server: Server) -> None:
    server.failure = status_pb2.Status(code=5, message="there is no item 'i1'")
    result = call("similar", "--item", "i1")
    assert (result.exit_code, result.stderr) == (1, f"Error: {call.address}: there is no item 'i1'\n")


def test_nobody_there_says_where_and_what_to_do() -> None:
    result = Shell("127.0.0.1:1")("recommend")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
    assert "shortlist serve" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("recommend", "--count", "many"),
        ("recommend", "--count", "99999999999"),
        ("events", "--user", "u1", "--item", "i1", "--type", "stare"),
        ("events", "--user", "u1"),
    ],
)
def test_bad_usage_is_exit_code_two(call: Shell, server: Server, arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert server.requests == []
