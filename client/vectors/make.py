"""Writes vectors.json, the table that every client must satisfy: `python client/vectors/make.py` (`make vectors`).

    {"messages": [{"name", "type", "json", "wire"}], "calls": [{"name", "method", "request", "error"}]}

- A message: reading `json` (protojson) and writing it gives the bytes `wire` (base64, fields in the order of their
  numbers); reading `wire` gives an equal message.
- A call, made through the client with a deadline of 30 seconds, ends with `error`, or else with `answer`. Answers are
  not in the file: tests/client asks the running server with the generated stubs. `fields` are the paths of
  the violations, sorted. StreamRecommend has lists of requests and of answers.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from calls import CALLS
from google.protobuf import json_format, symbol_database
from google.rpc import error_details_pb2  # noqa: F401  # what the details of an error are made of
from messages import MESSAGES
from shortlist.v1 import (  # noqa: F401
    bundle_service_pb2,
    catalog_service_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
)

VECTORS = Path(__file__).with_name("vectors.json")


def message(name: str, type: str, content: dict[str, Any]) -> dict[str, Any]:
    """The vector of one message."""
    full_name = f"shortlist.v1.{type}"
    parsed = json_format.ParseDict(content, symbol_database.Default().GetSymbol(full_name)())
    wire = base64.b64encode(parsed.SerializeToString(deterministic=True)).decode()
    return {"name": name, "type": full_name, "json": content, "wire": wire}


if __name__ == "__main__":
    table = {"messages": [message(*each) for each in MESSAGES], "calls": CALLS}
    VECTORS.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
