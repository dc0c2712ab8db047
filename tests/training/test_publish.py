"""What training publishes is a whole bundle."""

from shortlist_bundle.items import ItemTable
from shortlist_core.attribute_values import split


def test_the_bundle_is_whole(trained_bundle):
    manifest = trained_bundle.load().manifest
    assert manifest.metrics["items"] == len(trained_bundle.trained.table.item_ids)
    assert manifest.metrics["index_recall_at_500"] == 1


def test_what_filters_ask_is_in_the_bundle(trained_bundle):
    table, items = trained_bundle.trained.table, ItemTable.load(trained_bundle.load())
    assert items.available.tolist() == table.available.tolist() and items.available.all()
    assert items.released.tolist() == table.released.tolist() and (items.released > 0).any()
    for name in items.category_names:
        own = [name in categories for categories in table.categories]
        assert items.in_any_category([name]).tolist() == own
    described = [row for row, attributes in enumerate(table.attributes) if attributes]
    assert bool(described) is (items.attributes is not None)
    for row in described[:20]:
        for key, value in split(table.attributes[row]):
            assert row in items.attributes.with_attribute(key, [value])
