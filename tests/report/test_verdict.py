from __future__ import annotations

import pytest

from shortlist_report.verdict import FEWEST_USERS, Comparison, verdict


def over(role, mean, half, reached=0.12):
    return Comparison(role, {"baseline": "EASE"}.get(role, role), reached, mean, mean - half, mean + half)


BETTER, EVEN, WORSE = (0.04, 0.005), (0.001, 0.005), (-0.04, 0.005)


@pytest.mark.parametrize(
    ("baseline", "stage_one", "tone", "advice"),
    [
        (BETTER, BETTER, "good", "Serve it."),
        (BETTER, EVEN, "good", "Serve it. Whether the ranker adds anything is within chance."),
        (BETTER, WORSE, "bad", "Train anew before serving it: the ranker takes away"),
        (EVEN, BETTER, "doubtful", "There is no reason to serve it for its lists alone: EASE is simpler."),
        (EVEN, EVEN, "doubtful", "There is no reason to serve it for its lists alone"),
        (WORSE, BETTER, "bad", "Do not put this bundle into service: EASE is simpler and better."),
        (WORSE, WORSE, "bad", "Do not put this bundle into service"),
        ((0.01, 0.03), BETTER, "doubtful", "Collect more data before deciding: the interval is wide."),
        (None, BETTER, "doubtful", "Measure the plain methods as well"),
        (None, WORSE, "bad", "Train anew"),
        (BETTER, None, "good", "Serve it."),
    ],
)
def test_each_finding_has_its_advice(baseline, stage_one, tone, advice):
    found = [over(role, *each) for role, each in (("baseline", baseline), ("stage one", stage_one)) if each]
    given = verdict("both stages", found, 1_000)
    assert given.tone == tone
    assert given.advice.startswith(advice)


def test_the_sentence_has_both_comparisons_with_their_intervals():
    found = [over("baseline", 0.021, 0.009), over("stage one", 0.004, 0.005)]
    assert verdict("both stages", found, 1_000).sentence == (
        "Both stages are better than the best baseline (EASE) by 0.0210 NDCG@10 (95 % interval +0.0120 to +0.0300), and"
        " as good as stage one alone as far as chance lets one see (+0.0040 NDCG@10, 95 % interval -0.0010 to +0.0090)."
    )
    assert "worse than stage one alone by 0.0400" in verdict("both stages", [over("stage one", *WORSE)], 99).sentence


def test_where_stage_ones_order_is_served_the_ranker_is_said_to_add_nothing():
    found = [over("baseline", *BETTER), over("stage one", 0.0, 0.0)]
    assert "stage one's order is served" in verdict("both stages", found, 1_000, stage_one_served=True).advice


def test_a_handful_of_users_tells_nothing_however_narrow_the_interval():
    found = [over("baseline", 0.5, 0.0), over("stage one", 0.5, 0.0)]
    given = verdict("both stages", found, FEWEST_USERS - 1)
    assert given.tone == "doubtful"
    assert f"{FEWEST_USERS - 1} are too few" in given.advice
    assert verdict("both stages", found, FEWEST_USERS).tone == "good"


def test_wide_intervals_say_how_many_users_would_be_enough():
    """The interval is three times as wide as the difference: nine times as many users halve it to its size."""
    given = verdict("both stages", [over("baseline", 0.01, 0.03)], 200)
    assert "About 1,800 test users would show a difference of this size; there were 200." in given.advice
    assert "No difference shows at all." in verdict("both stages", [over("baseline", 0.0, 0.03)], 200).advice


@pytest.mark.parametrize(
    ("found", "tone", "advice"),
    [
        (BETTER, "good", "let it become current"),
        (WORSE, "bad", "Keep the current bundle"),
        (EVEN, "doubtful", "Either may be served"),
    ],
)
def test_a_trial_is_judged_by_the_current_bundle(found, tone, advice):
    given = verdict("the trial", [over("current bundle", *found)], 500)
    assert given.sentence.startswith("The trial is ")
    assert given.tone == tone
    assert advice in given.advice


def test_nothing_to_compare_with_is_said():
    assert verdict("both stages", [], 500).sentence == "Both stages were compared with nothing."
