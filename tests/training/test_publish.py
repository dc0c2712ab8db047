"""What training publishes is a whole bundle."""


def test_the_bundle_is_whole(trained_bundle):
    manifest = trained_bundle.load().manifest
    assert manifest.metrics["items"] == len(trained_bundle.trained.table.item_ids)
    assert manifest.metrics["index_recall_at_500"] == 1
