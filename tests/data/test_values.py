"""Null words, ids, texts and ratings of a table: each cell is read right, rejected or noted."""

from pathlib import Path

import polars as pl
import pytest
from importing import counts, import_events, import_items, notes, prices

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_data.rules import Rules

HEADER = "user_id,item_id,timestamp,value\n"


NULLS = ["", "NaN", "nan", "N/A", "#N/A", "NA", "null", "NULL", "None", "-", "<NA>", "NaT", r"\N", "#NULL!", "#DIV/0!"]


@pytest.mark.parametrize("word", NULLS)
def test_null_words_are_null_where_values_are(tmp_path: Path, word: str) -> None:
    result = import_items(tmp_path, f'item_id,title,categories,price\nb,B,"{word}",{word}\n"{word}",C,x,1\n')
    assert prices(result) == [None]
    assert result.dataset.items["categories"].to_list() == [[], []]
    assert counts(result) == {"missing item_id": 1}
    assert notes(result, "items:") == []
    result = import_events(tmp_path, f'{HEADER}u,a,2024-01-01,"{word}"\n"{word}",a,2024-01-01,2\nu,b,"{word}",2\n')
    assert result.dataset.interactions["value"].to_list() == [1.0]
    assert counts(result) == {"missing user_id": 1, "missing timestamp": 1}


def test_nan_of_floats_is_null(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"item_id": ["b", "c"], "title": ["B", "C"], "price": [float("nan"), 2.5], "size": [1.5, None]}
    )
    result = import_items(tmp_path, frame.with_columns(pl.lit(float("nan")).alias("depth")), "i.parquet")
    assert prices(result) == [None, 2.5]
    assert result.dataset.items["attributes"].to_list()[:2] == [[{"key": "size", "value": "1.5"}], []]
    assert notes(result, "items:") == []


def test_free_text_keeps_words_and_loses_what_only_programs_write(tmp_path: Path) -> None:
    text = "item_id,title,text,brand\nb,None,NA,-\nc,NaN,null,<NA>\n"
    result = import_items(tmp_path, text)
    rows = result.dataset.items.select("title", "text", "attributes").rows()
    assert rows[:2] == [("None", "NA", [{"key": "brand", "value": "-"}]), ("", "", [])]
    assert [(said, example) for said, _, example in notes(result, "programs write")] == [
        ("items: title that programs write for nothing: none", "'NaN' (line 3)"),
        ("items: text that programs write for nothing: none", "'null' (line 3)"),
        ("items: attribute 'brand' that programs write for nothing: left out", "'<NA>' (line 3)"),
    ]


def test_a_rating_that_is_no_number_says_nothing(tmp_path: Path) -> None:
    result = import_events(
        tmp_path, HEADER + "u,a,2024-01-01,good\nu,b,2024-01-01,4\n", rules=Rules(event_type="rating")
    )
    assert counts(result) == {"unreadable value": 1}
    result = import_events(tmp_path, HEADER + "u,a,2024-01-01,two\n")
    assert result.dataset.interactions["value"].to_list() == [1.0]
    assert notes(result, "value") == [("interactions: value is no number: read as 1", 1, "'two' (line 2)")]


# What the API refuses is no id here either


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ("x" * 129, "user_id longer than 128 characters"),
        ("a\tb", "user_id with a control character"),
        ("a\u2028b", "user_id with a control character"),
        ('{""$oid"": ""65""}', "user_id that is an object"),
    ],
)
def test_an_id_that_nobody_could_ask_for_is_rejected(tmp_path: Path, user: str, reason: str) -> None:
    result = import_events(tmp_path, HEADER + f'"{user}",a,2024-01-01,1\n{"x" * 128},a,2024-01-01,1\n')
    assert counts(result) == {reason: 1}


def test_texts_and_categories_that_the_api_would_refuse_are_cut_or_left_out(tmp_path: Path) -> None:
    many = "|".join(f"c{i}" for i in range(101))
    result = import_items(
        tmp_path,
        f"item_id,title,text,categories\nb,{'t' * 1_001},{'x' * 10_001},{'c' * 129}|ok\nc,C,,{many}\nd,D,,x|y|x\n",
    )
    long, full, twice = result.dataset.items.filter(pl.col("item_id") != "a").iter_rows(named=True)
    assert (len(long["title"]), len(long["text"]), long["categories"]) == (1_000, 10_000, ["ok"])
    assert (len(full["categories"]), twice["categories"]) == (100, ["x", "y"])
    said = [(text.removeprefix("items: "), count) for text, count, _ in notes(result, "items:")]
    assert said == [
        ("category that breaks the rule for ids: left out", 1),
        ("category that is there twice: read once", 1),
        ("categories beyond the first 100: left out", 1),
        ("title of more than 1,000 characters: cut", 1),
        ("text of more than 10,000 characters: cut", 1),
    ]


def test_users_attributes_and_sessions_keep_the_rule_for_ids(tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    users.write_text(f"user_id,country,bio\nu,NL,{'b' * 129}\n")
    events = f"user_id,item_id,timestamp,session_id\nu,a,2024-01-01,{'s' * 129}\n"
    result = import_events(tmp_path, events, users=users)
    assert result.dataset.users["attributes"].to_list() == [[{"key": "country", "value": "NL"}]]
    assert result.dataset.interactions["session_id"].to_list() == [None]
    assert [text for text, _, _ in notes(result, "rule for ids")] == [
        "interactions: session_id breaks the rule for ids: left out",
        "users: attribute 'bio' that breaks the rule for ids: left out",
    ]


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ({"item_id": ["a\n"]}, "item_id 'a\\\\n' must be 1 to 128"),
        ({"item_id": ["a"], "categories": [["x" * 129]]}, "category 'x+' must be 1 to 128"),
        ({"item_id": ["a"], "title": ["t" * 1_001]}, "a title has more than 1,000"),
        ({"item_id": ["a"], "price": [-1.0]}, "a price is negative"),
        ({"item_id": ["a"], "price": [float("nan")]}, "a price is negative or no finite number"),
    ],
)
def test_training_reads_by_the_same_rule(items: dict[str, list[object]], says: str) -> None:
    events = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": ["2024-01-01"]})
    with pytest.raises(DataError, match=says):
        Dataset.of(events.with_columns(pl.col("timestamp").str.to_datetime()), pl.DataFrame(items))


# Ids that look like numbers


def test_ids_of_floats_are_the_integers_that_they_stand_for(tmp_path: Path) -> None:
    users = [17.0, None, 17.5, 1e17]
    frame = pl.DataFrame({"user_id": users, "item_id": ["a", "b", "c", "d"], "timestamp": [1_700_000_000] * 4})
    result = import_events(tmp_path, frame, "e.parquet")
    assert result.dataset.interactions["user_id"].to_list() == ["17", "17.5"]
    assert counts(result) == {"missing user_id": 1, "user_id that has lost digits as a float": 1}
    assert [count for _, count, _ in notes(result, "fraction of 0: read without it")] == [1]


def test_ids_that_a_spreadsheet_has_rounded_are_told(tmp_path: Path) -> None:
    result = import_events(tmp_path, "user_id,item_id,timestamp\n1.23457E+12,a,2024-01-01\nu1E5,a,2024-01-01\n")
    [(_, count, example)] = notes(result, "user_id in a spreadsheet's notation of large numbers: digits may be lost")
    assert (count, example) == (1, "'1.23457E+12' (line 2)")


def test_ids_that_pandas_wrote_as_floats_are_told(tmp_path: Path) -> None:
    result = import_events(tmp_path, "user_id,item_id,timestamp\n17.0,a,2024-01-01\n1.0.2,a,2024-01-02\n")
    assert result.dataset.interactions["user_id"].to_list() == ["17.0", "1.0.2"]
    assert [told[1:] for told in notes(result, "user_id with a fraction of 0")] == [(1, "'17.0' (line 2)")]


def test_ids_that_two_tables_write_otherwise_are_told(tmp_path: Path) -> None:
    events = "user_id,item_id,timestamp\n7,17,2024-01-01\n8,0018,2024-01-01\n9,i5,2024-01-01\n9,6,2024-01-01\n"
    (tmp_path / "users.csv").write_text("user_id,country\n007,NL\n8,BE\n")
    (tmp_path / "items.csv").write_text("item_id,title\n17.0,A\n18,B\nI5,C\n6,D\n0006,E\n")
    result = import_events(tmp_path, events, items=tmp_path / "items.csv", users=tmp_path / "users.csv")
    assert [(text[:7], count, example) for text, count, example in notes(result, "write otherwise")] == [
        ("item_id", 3, "'17' and '17.0'"),
        ("user_id", 1, "'7' and '007'"),
    ]


# Ratings, returns, repeats


def test_returns_are_no_wish_and_fail_no_import(tmp_path: Path) -> None:
    text = "user_id,item_id,timestamp,value,event_type\nu,a,2024-01-01,-1,purchase\nu,a,2024-01-01,2,purchase\n"
    result = import_events(tmp_path, text + "u,b,2024-01-01,-3,rating\n")
    assert counts(result) == {"return (value below 0)": 1}
    assert sorted(result.dataset.interactions["value"]) == [-3.0, 2.0]
    result.publish(tmp_path / "out", max_rejects=0)


def test_low_ratings_are_dislikes_where_that_is_said_and_told_where_not(tmp_path: Path) -> None:
    text = HEADER + "".join(f"u,i{value},2024-01-01,{value}\n" for value in (1, 2, 3, 4, 5, ""))
    told = import_events(tmp_path, text, rules=Rules(event_type="rating"))
    assert told.dataset.interactions["event_type"].unique().to_list() == ["rating"]
    [(said, count, _)] = notes(told, "ratings below 3, in a scale of 1 to 5")
    assert "--dislike-below" in said
    assert count == 3
    made = import_events(tmp_path, text, rules=Rules(event_type="rating", dislike_below=3))
    disliked = made.dataset.interactions.filter(pl.col("event_type") == "dislike")
    assert disliked["item_id"].to_list() == ["i1", "i2"]  # a rating without a value is none
    assert notes(made, "dislike") == [("interactions: rating below 3: a dislike", 2, "'1' (line 2)")]


def test_a_limit_of_ratings_needs_ratings(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no event is a rating; --event-type rating"):
        import_events(tmp_path, HEADER + "u,a,2024-01-01,1\n", rules=Rules(dislike_below=3))


def test_repeats_are_told(tmp_path: Path) -> None:
    text = "user_id,item_id,timestamp\nu,a,2024-01-01\nu,a,2024-01-02\nu,b,2024-01-02\n"
    assert [count for _, count, _ in notes(import_events(tmp_path, text), "repeats")] == [1]
