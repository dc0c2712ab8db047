import pytest

from shortlist_cli.settings_file import SettingsFile
from shortlist_core.errors import DataError, InvalidArgumentError
from shortlist_core.tiring import Tiring
from shortlist_training.config import Recipe


def recipe_of(path):
    """What `shortlist train --config` goes by, or the mistakes that it tells."""
    file = SettingsFile.read(path)
    if wrong := [*file.mistakes, *file.recipe_mistakes]:
        raise InvalidArgumentError(wrong)
    return file.recipe


def written(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_settings_override_the_defaults(tmp_path):
    recipe = recipe_of(written(tmp_path, "slices = 2\ncandidates = 77\n"))
    assert (recipe.slices, recipe.candidates) == (2, 77)
    assert recipe.ranker_epochs == Recipe().ranker_epochs


def test_every_wrong_field_is_listed_at_once(tmp_path):
    path = written(tmp_path, 'slices = 0\ncandidates = "many"\nsclices = 3\nranker_epochs = 1_000\n')
    with pytest.raises(InvalidArgumentError) as caught:
        recipe_of(path)
    message = str(caught.value)
    assert "there is no setting 'sclices'; did you mean 'slices'?" in message
    for field in ("slices", "candidates", "ranker_epochs"):
        assert f"{field}: " in message
    assert "tower_steps" not in message
    assert "\n" not in message


def test_a_model_of_order_that_there_is_not_is_refused_with_those_that_there_are(tmp_path):
    assert recipe_of(written(tmp_path, 'sequence_model = "gru"')).sequence_model == "gru"
    with pytest.raises(
        InvalidArgumentError, match="sequence_model: 'rnn': input should be 'transformer', 'gru' or 'lstm'"
    ):
        recipe_of(written(tmp_path, 'sequence_model = "rnn"'))


@pytest.mark.parametrize("text", ["slices = ", b"\xff\xfe\x00", "[slices"])
def test_what_is_not_toml_is_one_line(tmp_path, text):
    with pytest.raises(DataError, match="not TOML") as caught:
        recipe_of(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(DataError, match="cannot read"):
            recipe_of(path)


def test_events_are_weighed_by_type_and_every_mistake_is_listed(tmp_path):
    weights = recipe_of(written(tmp_path, '[events.view]\nweight = 0.5\nvalue = "log"\nunit = 30\n')).event_weights
    assert weights.to_json() == {"view": {"weight": 0.5, "value": "log", "unit": 30.0}}
    text = '[events.view]\nweight = -1\nvalue = "sqrt"\nunit = 0\nwieght = 2\n[events.impression]\nweight = 1\n'
    with pytest.raises(InvalidArgumentError) as caught:
        recipe_of(written(tmp_path, text))
    for part in ("events.view.weight: -1", "events.view.value: 'sqrt'", "events.view.unit: 0", "'events.view.wieght'"):
        assert part in str(caught.value)
    assert "events.impression: 'impression': input should be 'interaction', 'view'" in str(caught.value)


def test_tiring_is_set_in_words_of_time_or_left_to_be_learned(tmp_path):
    path = tmp_path / "recipe.toml"
    assert Recipe().tiring_settings is None
    path.write_text('[tiring]\nper_impression = 0.5\nrecovery = "6h"\n')
    assert recipe_of(path).tiring_settings == Tiring(0.5, 21_600.0)
    path.write_text("[tiring]\nper_impression = 1\n")
    assert not recipe_of(path).tiring_settings.is_on
    path.write_text('[tiring]\nper_impression = 0\nrecovery = "soon"\n')
    with pytest.raises(InvalidArgumentError) as refused:
        recipe_of(path)
    assert "tiring.per_impression" in str(refused.value) and "such as 400d" in str(refused.value)
