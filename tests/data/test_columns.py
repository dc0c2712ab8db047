"""Columns are found whatever their case; what is missing is told at once, with the line to type."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_core.errors import DataError
from shortlist_data import schema
from shortlist_data.clean import Rules
from shortlist_data.columns import plain_name, read_header
from shortlist_data.hints import hints
from shortlist_data.known_names import EVENTS, NAMES
from shortlist_data.rejects import Imported
from shortlist_data.table import Tables, import_tables, parse_columns, parse_event_types

ROWS = 6


def write(folder: Path, name: str, header: str, *row: str, separator: str = ",") -> Path:
    """A file of a few rows; `{}` in a value stands for the number of the row."""
    lines = [separator.join(cell.format(i) for cell in row) for i in range(1, ROWS + 1)]
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def refusal(**tables: Path) -> str:
    with pytest.raises(DataError) as caught:
        import_tables(Tables(**tables))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def typed(line: str) -> tuple[dict[str, dict[str, str]], Rules]:
    """What the options in a sentence mean to the command."""
    words = shlex.split(line[line.index("--") :].partition("; ")[0])
    options: dict[str, list[str]] = {"--columns": [], "--event-types": [], "--event-type": []}
    for option, value in zip(words[::2], words[1::2], strict=True):
        options[option].append(value)
    rules = Rules(event_types=parse_event_types(options["--event-types"]))
    if options["--event-type"]:
        rules = Rules(event_types=rules.event_types, event_type=options["--event-type"][0])
    return parse_columns(options["--columns"]), rules


def imported_as_told(sentence: str, interactions: Path, items: Path | None = None) -> Imported:
    columns, rules = typed(sentence)
    return import_tables(Tables(interactions, items, columns=columns, rules=rules))


@pytest.mark.parametrize(
    "header",
    [
        "UserId,ItemId,Timestamp",
        "USER_ID,ITEM_ID,TIMESTAMP",
        "user id, Item-ID ,TimeStamp",
        "\ufeffuserid,itemid,timestamp",
    ],
)
def test_case_and_blanks_of_a_name_do_not_matter(tmp_path: Path, header: str) -> None:
    result = import_tables(Tables(write(tmp_path, "e.csv", header, "u{}", "i{}", "170000000{}")))
    first = result.dataset.interactions.row(0, named=True)
    assert (first["user_id"], first["item_id"], first["event_type"]) == ("u1", "i1", "interaction")
    assert result.dataset.interactions.height == ROWS


def test_optional_columns_and_mapped_names_are_found_as_well(tmp_path: Path) -> None:
    events = write(
        tmp_path, "e.csv", "Kunde,itemId,Timestamp,EventType,Value", "u{}", "i{}", "170000000{}", "Click", "3"
    )
    items = write(tmp_path, "i.csv", "ItemID,TITLE,Categories,Price,Colour", "i{}", "Mug {}", "a|b", "2.5", "red")
    columns = {"interactions": {"user_id": "KUNDE"}}
    data = import_tables(Tables(events, items, columns=columns)).dataset
    assert data.interactions.row(0, named=True)["event_type"] == "click"
    assert data.interactions["value"].to_list() == [3.0] * ROWS
    assert data.items.select("item_id", "title", "categories", "price").row(0) == ("i1", "Mug 1", ["a", "b"], 2.5)
    assert data.items["attributes"].to_list()[0] == [{"key": "Colour", "value": "red"}]


def test_the_very_name_wins_and_two_others_are_refused_by_name(tmp_path: Path) -> None:
    both = write(tmp_path, "e.csv", "user_id,UserId,item_id,timestamp", "right", "wrong", "i{}", "1700000000")
    assert import_tables(Tables(both)).dataset.interactions["user_id"].unique().to_list() == ["right"]
    odd = write(tmp_path, "o.csv", "USER_ID,UserId,item_id,timestamp", "a", "b", "i{}", "1700000000")
    assert refusal(interactions=odd) == (
        f"{odd}: interactions.user_id may be 'USER_ID' or 'UserId': choose one with"
        " --columns interactions.user_id=USER_ID or --columns interactions.user_id=UserId"
    )
    chosen = import_tables(Tables(odd, columns={"interactions": {"user_id": "UserId"}}))
    assert chosen.dataset.interactions["user_id"].unique().to_list() == ["b"]


def test_all_that_is_missing_in_all_tables_is_told_at_once(tmp_path: Path) -> None:
    events = write(tmp_path, "e.csv", "a,b,c", "1", "2", "3")
    items = write(tmp_path, "i.csv", "sku,name", "i{}", "Mug")
    people = write(tmp_path, "u.csv", "country", "FR")
    said = refusal(interactions=events, items=items, users=people)
    assert said == (
        f"{events}: there is no column 'user_id', 'item_id', 'timestamp' (the columns are a, b, c);"
        f" {items}: there is no column 'item_id' (the columns are sku, name);"
        f" {people}: there is no column 'user_id' (the columns are country);"
        " add --columns items.item_id=sku --columns items.title=name; name also what stands for the rest:"
        " --columns interactions.user_id=... --columns interactions.item_id=... --columns interactions.timestamp=..."
        " --columns users.user_id=..."
        f" (for data without times, add --time {datetime.now(UTC):%Y-%m-%d}, the day of all rows)"
    )


def test_a_refusal_of_a_very_wide_table_stays_short(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(500)]
    events = write(tmp_path, "e.csv", ",".join(names), *names)
    assert "c38, c39 and 460 others)" in refusal(interactions=events)


def test_a_mapped_column_that_is_not_there_is_missing(tmp_path: Path) -> None:
    events = write(tmp_path, "e.csv", "user_id,item_id,timestamp", "u{}", "i{}", "1700000000")
    with pytest.raises(DataError, match="there is no column 'custmer' "):
        import_tables(Tables(events, columns={"interactions": {"user_id": "custmer"}}))


def test_a_missing_file_is_told_before_the_others_are_read(tmp_path: Path) -> None:
    events = write(tmp_path, "e.csv", "a,b,c", "1", "2", "3")
    assert "there is no such file" in refusal(interactions=events, items=tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("header", "row", "kind", "value"),
    [
        ("userId,movieId,rating,timestamp", ("u{}", "i{}", "4.5", "170000000{}"), "rating", 4.5),
        ("user_id:token,item_id:token,rating:float,timestamp:float", ("u{}", "i{}", "2", "170000000{}"), "rating", 2),
        ("reviewerID,asin,overall,unixReviewTime", ("u{}", "i{}", "5", "170000000{}"), "rating", 5),
        ("timestamp,visitorid,event,itemid", ("170000000{}", "u{}", "addtocart", "i{}"), "cart", 1),
        ("t_dat,customer_id,article_id,price", ("2023-11-1{}", "u{}", "i{}", "1"), "interaction", 1),
        ("user_id,business_id,date,stars", ("u{}", "i{}", "2023-11-1{}", "3"), "rating", 3),
        ("Kunde,Artikelnummer,Datum,Menge", ("u{}", "i{}", "2023-11-1{}", "3"), "interaction", 3),
        ("Email,Lineitem sku,Created at,Lineitem quantity", ("u{}", "i{}", "2023-11-1{}", "2"), "interaction", 2),
        (
            "user_pseudo_id,items.item_id,event_timestamp,event_name",
            ("u{}", "i{}", "170000000{}", "view_item"),
            "view",
            1,
        ),
        ("anonymousId,product_id,receivedAt,event", ("u{}", "i{}", "2023-11-1{}", "Order Completed"), "purchase", 1),
        ("session,aid,ts,type", ("u{}", "i{}", "170000000{}", "orders"), "purchase", 1),
        ("visitorId,productId,eventTime,eventType", ("u{}", "i{}", "2023-11-1{}", "add-to-cart"), "cart", 1),
        ("user_id,item_id,behavior_type,time", ("u{}", "i{}", "fav", "170000000{}"), "like", 1),
        ("Customer ID,StockCode,InvoiceDate,Quantity", ("u{}", "i{}", "2023-11-1{}", "6"), "interaction", 6),
    ],
)
def test_tables_of_other_systems_are_read_with_the_line_that_the_refusal_tells(
    tmp_path: Path, header: str, row: tuple[str, ...], kind: str, value: float
) -> None:
    path = write(tmp_path, "e.csv", header, *row)
    try:
        said = "; ".join(hints((found := import_tables(Tables(path))).headers, found.event_words))
    except DataError as error:
        said = str(error)
    assert "..." not in said
    events = imported_as_told(said, path).dataset.interactions
    assert events.height == ROWS
    assert set(events["user_id"]) == {f"u{i}" for i in range(1, ROWS + 1)}
    assert set(events["item_id"]) == {f"i{i}" for i in range(1, ROWS + 1)}
    assert events["timestamp"].dt.year().unique().to_list() == [2023]
    assert (events["event_type"].unique().to_list(), events["value"].unique().to_list()) == ([kind], [value])


def test_a_gorse_export_is_read_and_its_kinds_of_feedback_are_offered(tmp_path: Path) -> None:
    events = write(tmp_path, "f.csv", "FeedbackType,UserId,ItemId,Timestamp", "star", "u{}", "i{}", "2023-11-1{}")
    items = write(
        tmp_path, "i.csv", "ItemId,IsHidden,Categories,Timestamp,Labels,Comment", "i{}", "", "a|b", "", "x", "Mug"
    )
    result = import_tables(Tables(events, items))
    assert result.dataset.interactions.height == ROWS
    said = hints(result.headers, result.event_words)
    assert said == [
        "interactions: the column 'FeedbackType' is not read as event_type; for that, add"
        " --columns interactions.event_type=FeedbackType --event-types star=like",
        "items: the column 'Comment' is not read as text; for that, add --columns items.text=Comment",
    ]
    told = imported_as_told(said[0], events, items)
    assert told.dataset.interactions["event_type"].unique().to_list() == ["like"]
    assert hints(told.headers, told.event_words) == said[1:]


def test_unknown_event_types_are_named_with_what_they_probably_mean(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    rows = ["view", "addtocart", "addtocart", "zapped", "Add To Cart"]
    path.write_text("user_id,item_id,timestamp,event_type\n" + "".join(f"u,i,1700000000,{kind}\n" for kind in rows))
    result = import_tables(Tables(path))
    assert hints(result.headers, result.event_words) == [
        "interactions: unknown event types 'addtocart' (2 rows), 'Add To Cart' (1 rows), 'zapped' (1 rows);"
        " add --event-types addtocart=cart --event-types 'Add To Cart=cart'; say what 'zapped' means with --event-types"
    ]


@given(st.sampled_from(sorted({*schema.INTERACTIONS} - schema.MADE.keys())), st.data())
def test_any_spelling_of_a_canonical_name_is_that_name(name: str, data: st.DataObject) -> None:
    spelled = "".join(
        data.draw(st.sampled_from(["", "_", "-", " "])) if c == "_" else data.draw(st.sampled_from([c, c.upper()]))
        for c in name
    )
    assert read_header("interactions", "f", ["other", spelled], {}).found == {name: spelled}


def test_known_names_are_plain_and_none_stands_for_two_columns() -> None:
    for table, columns in NAMES.items():
        names = [name for others in columns.values() for name in others.split()]
        assert all(name == plain_name(name) for name in names)
        assert set(columns) <= set(schema.TABLES[table])
        twice = {name for name in names if names.count(name) > 1}
        assert twice <= {"session", "sessionid", "visitid", "productname", "itemname"}, table
    assert set(EVENTS.values()) <= set(schema.EVENT_NAMES)
    assert not set(EVENTS) & set(schema.EVENT_NAMES)


def test_the_encoding_that_rows_need_is_told_with_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_bytes("Kunde;Artikel;Datum\n1;Tüte;31.12.2024 14:05\n".encode("cp1252"))
    assert refusal(interactions=path).endswith("--columns interactions.timestamp=Datum --encoding cp1252")


@pytest.mark.parametrize(
    "names", ["Kunden-Nr.,Artikel-Nr.,Datum", "Kd.-Nr.,Art.-Nr.,Datum", "o.customer_id,o.sku,o.date"]
)
def test_dots_of_abbreviations_and_tables_do_not_hide_a_name(tmp_path: Path, names: str) -> None:
    path = write(tmp_path, "e.csv", names, "u{}", "i{}", "2024-01-0{}")
    assert imported_as_told(refusal(interactions=path), path).dataset.interactions.height == ROWS


@pytest.mark.parametrize(
    "names, separator",
    [("1,25,5,881250949", ","), ("u,2024-01-02T10:00:00.123Z,51", ","), ("1::1193::5::978300760", ","), ("a;3,5", ";")],
)
def test_a_file_without_names_is_told_as_such(tmp_path: Path, names: str, separator: str) -> None:
    cells = names.split(separator)
    said = refusal(interactions=write(tmp_path, "e.csv", names, *cells, separator=separator))
    assert "as its first line looks like data: put a line above it that names the columns" in said
    named = write(tmp_path, "n.csv", "who,what,SKU_2", "u{}", "i{}", "3")
    assert "looks like data" not in refusal(interactions=named)


def test_columns_that_are_left_out_are_told(tmp_path: Path) -> None:
    header = "user_id,item_id,timestamp,Uhrzeit,menge,Shade"
    path = write(tmp_path, "e.csv", header, "u{}", "i{}", "31.12.2024", "14:05", "2", "red")
    result = import_tables(Tables(path))
    assert hints(result.headers, result.event_words) == [
        "interactions: the column 'menge' is not read as value; for that, add --columns interactions.value=menge",
        "interactions: columns that are left out: 'Uhrzeit', 'Shade'",
        "interactions: one that tells the device, the page or the place is read with --context",
    ]


def test_a_column_of_the_name_context_is_one_like_others(tmp_path: Path) -> None:
    path = write(tmp_path, "e.csv", "user_id,item_id,timestamp,context", "u{}", "i{}", "2024-01-01", "phone")
    result = import_tables(Tables(path))
    assert result.dataset.interactions["context"].list.len().sum() == 0
    assert hints(result.headers, {})[0] == "interactions: columns that are left out: 'context'"
    told = import_tables(Tables(path, rules=Rules(context=("context",)))).dataset.interactions["context"][0]
    assert told.to_list() == [{"key": "context", "value": "phone"}]
    with pytest.raises(DataError, match="--context names those that it is made of"):
        parse_columns(["interactions.context=device"])
