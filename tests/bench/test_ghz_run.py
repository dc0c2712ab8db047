from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import Default
from shortlist.v1 import event_service_pb2, recommendation_service_pb2

from shortlist_bench import ghz_run

USERS, ITEMS = [f"user {n}" for n in range(300)], [f"item {n}" for n in range(120)]
SERVICES = {
    service.full_name: service
    for file in (event_service_pb2, recommendation_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
}


def texts(message: Any) -> set[str]:
    if isinstance(message, dict | list):
        return set().union(*map(texts, message.values() if isinstance(message, dict) else message))
    return {message} if isinstance(message, str) else set()


def test_every_method_has_a_scenario() -> None:
    called = {json.loads(path.read_text())["call"] for path in ghz_run.SCENARIOS.values()}
    assert called == {f"{name}/{method}" for name, service in SERVICES.items() for method in service.methods_by_name}


@pytest.mark.parametrize(("scenario", "load"), list(product(ghz_run.SCENARIOS, ghz_run.LOADS)))
def test_a_scenario_asks_about_many_ids_of_the_bundle(scenario: str, load: str) -> None:
    settings, messages = ghz_run.configuration(scenario, load, ghz_run.Drawn(USERS, ITEMS))
    method = Default().FindMethodByName(settings["call"].replace("/", "."))
    for message in messages:
        json_format.ParseDict(message, message_factory.GetMessageClass(method.input_type)())
    found = texts(messages)
    assert len(found & ({*USERS} if "similar" not in scenario else {*ITEMS})) > 25
    assert not found & {"USER", "ITEM", "100 ITEMS"}
    assert settings["duration-stop"] == "wait"


def test_events_get_an_id_for_each_call() -> None:
    _, messages = ghz_run.configuration("write_events", "const", ghz_run.Drawn(USERS, ITEMS))
    assert {event["event_id"] for message in messages for event in message["events"]} == {"{{newUUID}}"}


def test_a_list_of_items_has_each_once() -> None:
    drawn = ghz_run.Drawn(USERS, ITEMS)
    assert len({*drawn.message("100 ITEMS")}) == 100
    assert sorted(drawn.message("500 ITEMS")) == sorted(ITEMS)


def test_ids_are_no_templates() -> None:
    assert ghz_run.Drawn(["a{{b}}"], ITEMS).message("USER") == "a{{`{{`}}b}}"
