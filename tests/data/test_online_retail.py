import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_data import online_retail

ORDERS = """customer_id,item_id,invoice,timestamp,quantity,unit_price,country
17850,85123A,536365,2010-12-01 08:26:00,6,2.50,United Kingdom
17850,71053,536365,2010-12-01 08:26:00,6,3.39,United Kingdom
12583,85123A,536370,2010-12-01 08:45:00,24,3.50,France
12583,85123A,536370,2010-12-01 08:45:00,24,3.50,France
"""
ITEMS = """item_id,title,all_titles
85123A,WHITE HANGING HEART,WHITE HANGING HEART|CREAM HANGING HEART|wrong
71053,WHITE METAL LANTERN,WHITE METAL LANTERN
"""


def test_orders_become_purchases(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    (tmp_path / "items.csv.gz").write_bytes(gzip.compress(ITEMS.encode()))
    result = online_retail.read(tmp_path)
    first = result.dataset.interactions.row(0, named=True)
    assert (first["user_id"], first["item_id"], first["session_id"]) == ("17850", "85123A", "536365")
    assert (first["event_type"], first["value"]) == ("purchase", 6.0)
    assert first["timestamp"].isoformat() == "2010-12-01T08:26:00+00:00"
    heart = result.dataset.items.row(0, named=True)
    assert heart["text"] == "CREAM HANGING HEART, wrong"
    assert heart["price"] == 3.5  # the median of 2.50, 3.50, 3.50
    assert result.dataset.users["attributes"].to_list() == [
        [{"key": "country", "value": "United Kingdom"}],
        [{"key": "country", "value": "France"}],
    ]
    assert result.rejects[0].counts == {"exact duplicate": 1}


def test_another_folder_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        online_retail.read(tmp_path)
    (tmp_path / "interactions.csv.gz").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column 'customer_id'"):
        online_retail.read(tmp_path)


def test_the_real_orders_all_arrive() -> None:
    folder = Path(os.environ.get("SHORTLIST_DATA", "")) / "online-retail"
    if "SHORTLIST_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("set SHORTLIST_DATA to a folder with online-retail/ to test with the real data")
    result = online_retail.read(folder)
    orders = result.rejects[0]
    assert orders.read == 396_337
    assert result.dataset.interactions.height + orders.counts["exact duplicate"] == 396_337
    assert orders.counts.keys() == {"exact duplicate"}
    assert result.dataset.items.height == 3_659
    assert result.dataset.users.height == 4_334
    assert result.dataset.items.filter(pl.col("price").is_null()).height == 0
