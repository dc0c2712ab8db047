from shortlist_data.rejects import Note, Rejects


def test_a_note_counts_on_and_keeps_its_first_example() -> None:
    rejects = Rejects("items")
    rejects.note("price is no number: unknown", 2, "12 or so", 7)
    rejects.note("categories that are no list", 0, "[", 8)
    rejects.note("price is no number: unknown", 1, "free", 900)
    rejects.note("title cut", 1, "x" * 100, 3)
    assert rejects.notes == (
        Note("items: price is no number: unknown", 3, "'12 or so' (line 7)"),
        Note("items: title cut", 1, f"'{'x' * 60}...' (line 3)"),
    )
