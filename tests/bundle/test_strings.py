import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_bundle import strings
from shortlist_bundle.strings import Ids, Strings, build_lookup, encode
from shortlist_core.errors import DataError
from shortlist_core.types import NO_ITEM

UTF8 = st.text(st.characters(codec="utf-8"), max_size=12)


def make(ids: list[str]) -> Ids:
    return Ids(*encode(ids), *build_lookup(ids))


@given(st.lists(UTF8))
def test_strings_come_back_as_they_were(values: list[str]) -> None:
    stored = Strings(*encode(values))
    assert len(stored) == len(values)
    assert list(stored) == values
    assert [stored[row] for row in range(len(values))] == values
    backwards = list(reversed(range(len(values))))
    assert stored.take(backwards) == values[::-1]


@given(st.lists(UTF8, unique=True), st.lists(UTF8))
def test_every_id_finds_its_row_and_no_other_does(ids: list[str], asked: list[str]) -> None:
    stored = make(ids)
    expected = [ids.index(id) if id in ids else NO_ITEM for id in [*ids, *asked]]
    found = stored.rows([*ids, *asked])
    assert found.dtype == np.int32
    assert found.tolist() == expected
    assert [stored.row(id) for id in [*ids, *asked]] == expected


def test_ids_of_equal_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "_digest", lambda id: (len(id) % 3).to_bytes(8, "little"))
    ids = [f"{'x' * (row % 5)}{row}" for row in range(300)]
    stored = make(ids)
    assert stored.rows(ids).tolist() == list(range(300))
    assert [stored.row(id) for id in ids] == list(range(300))
    assert stored.rows(["no", "such", "id"]).tolist() == [NO_ITEM] * 3
    assert stored.rows_of_hashes(strings.hash_ids(["a"])).tolist() == [i for i in range(300) if len(ids[i]) % 3 == 1]
    with pytest.raises(DataError, match=r"'x1' occurs more than once"):
        build_lookup([*ids, "x1"])


@given(st.lists(UTF8, unique=True), st.data())
def test_hashes_lead_back_to_the_rows_of_their_ids(ids: list[str], data: st.DataObject) -> None:
    stored, wanted = make(ids), data.draw(st.lists(st.sampled_from([*ids, "no such id"])))
    expected = {ids.index(id) for id in wanted if id in ids}
    assert stored.rows_of_hashes(strings.hash_ids(wanted)).tolist() == sorted(expected)


@given(st.lists(UTF8, min_size=1), st.data())
def test_an_id_given_twice_is_refused_by_name(ids: list[str], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(ids))
    with pytest.raises(DataError, match="occurs more than once"):
        build_lookup([*ids, twice])


def test_more_ids_than_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "_BULK", 7)
    ids = [f"{row}-é" for row in range(100)]
    stored = make(ids)
    assert stored.rows([*ids, "unknown"]).tolist() == [*range(100), NO_ITEM]
    assert list(stored) == ids


@pytest.mark.parametrize("row", [3, -4])
def test_a_row_outside_is_an_index_error(row: int) -> None:
    stored = make(["a", "b", "c"])
    assert stored[-1] == "c"
    with pytest.raises(IndexError):
        stored[row]


def test_padding_is_not_taken_for_the_last_string() -> None:
    with pytest.raises(IndexError):
        make(["a", "b"]).take([0, NO_ITEM])


def test_offsets_that_do_not_span_the_text_are_refused() -> None:
    blob, offsets = encode(["ab", "c"])
    with pytest.raises(ValueError, match="do not span"):
        Strings(blob[:-1], offsets)
