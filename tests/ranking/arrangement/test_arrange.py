"""Rules on lists: every list keeps what it is asked for, or the outcome says what that had to yield to."""

import os

import numpy as np
import pytest

from shortlist_ranking.arrangement.arrange import arrange
from shortlist_ranking.arrangement.diversity import Diversity, DiversityMethod
from shortlist_ranking.arrangement.effects import Boosted, Buried, Capped, Groups, Pinned, Reserved, Spaced
from shortlist_ranking.arrangement.moves import moves
from shortlist_ranking.arrangement.outcomes import Broken, broken

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], np.float32)


def only(*positions, of=6):
    mask = np.zeros(of, np.bool_)
    mask[list(positions)] = True
    return mask


def brands(*names):
    return Groups.by_value([[name] if name else [] for name in names])


def shown(effects, count=4, scores=SCORES):
    return arrange(scores, count, effects).positions.tolist()


@pytest.mark.fast
def test_pinned_items_stand_at_their_places_and_the_others_around_them():
    assert shown([Pinned((5, 4), 1)]) == [0, 5, 4, 1]
    assert shown([Pinned((0,), 3)]) == [1, 2, 3, 0]


@pytest.mark.fast
def test_pins_behind_the_end_move_up_where_candidates_run_out():
    assert shown([Pinned((0,), 3)], 4, SCORES[:2]) == [1, 0]


@pytest.mark.fast
def test_a_cap_ends_a_list_rather_than_being_exceeded():
    effects = [Capped(brands("a", "a", "a", "a", "b", "b"), 1)]
    assert shown(effects) == [0, 4]
    assert not broken(effects, arrange(SCORES, 4, effects))


@pytest.mark.fast
def test_a_cap_keeps_room_for_what_is_pinned_further_down():
    assert shown([Pinned((2,), 2), Capped(brands("a", "b", "a", "c", "d", "e"), 1)]) == [1, 3, 2, 4]


@pytest.mark.fast
def test_what_is_pinned_exceeds_a_cap_and_the_cap_says_so():
    effects = [Capped(brands("a", "a", "b", "b", "c", "c"), 1), Pinned((0, 1), 0)]
    arrangement = arrange(SCORES, 4, effects)
    assert arrangement.positions.tolist() == [0, 1, 2, 4]
    assert broken(effects, arrangement) == {0: Broken(1)}


@pytest.mark.fast
def test_what_is_reserved_comes_as_late_as_it_can():
    assert shown([Reserved(only(3, 4, 5), 2)]) == [0, 1, 3, 4]
    assert shown([Reserved(only(4), 1), Reserved(only(5), 1)]) == [0, 1, 4, 5]


@pytest.mark.fast
def test_too_few_for_what_is_reserved_is_said():
    effects = [Reserved(only(5), 2)]
    assert broken(effects, arrange(SCORES, 4, effects)) == {0: Broken()}


@pytest.mark.fast
def test_a_cap_goes_before_what_is_reserved():
    effects = [Reserved(only(4, 5), 2), Capped(brands("", "", "", "", "x", "x"), 1)]
    assert broken(effects, arrange(SCORES, 4, effects)) == {0: Broken(1)}


@pytest.mark.fast
def test_room_is_kept_for_a_minimum_share_where_a_cap_would_take_it():
    """The two best are of the same brand as all that is reserved, and the cap lets in two of it."""
    brand = brands("z", "z", "a", "b", "z", "z")
    effects = [Capped(brand, 2), Reserved(only(4, 5), 2)]
    arrangement = arrange(SCORES, 4, effects)
    assert arrangement.positions.tolist() == [2, 3, 4, 5] and not broken(effects, arrangement)


@pytest.mark.fast
def test_a_list_that_caps_end_early_holds_what_is_reserved():
    scores = np.linspace(1, 0, 12).astype(np.float32)
    effects = [Capped(brands(*"aaabbbcccabc"), 2), Reserved(only(9, 10, 11, of=12), 3)]
    arrangement = arrange(scores, 10, effects)
    assert len(arrangement.positions) == 6 and not broken(effects, arrangement)


@pytest.mark.fast
def test_what_is_reserved_comes_early_enough_to_stand_apart():
    scores = np.linspace(1, 0, 12).astype(np.float32)
    effects = [Spaced(brands(*"bcdefghijaaa"), 2), Reserved(only(9, 10, 11, of=12), 3)]
    arrangement = arrange(scores, 10, effects)
    assert not broken(effects, arrangement)
    assert [place for place, c in enumerate(arrangement.positions.tolist()) if c >= 9] == [3, 6, 9]


@pytest.mark.fast
def test_two_shares_of_the_same_items_are_one():
    assert shown([Reserved(only(4, 5), 2), Reserved(only(4, 5), 2)]) == [0, 1, 4, 5]


@pytest.mark.fast
def test_alike_items_stand_apart():
    assert shown([Spaced(brands("a", "a", "a", "b", "b", "c"), 1)], 6) == [0, 3, 1, 4, 2, 5]


@pytest.mark.fast
def test_spacing_looks_ahead_to_what_is_pinned():
    assert shown([Pinned((1,), 1), Spaced(brands("a", "a", "b", "c", "d", "e"), 1)]) == [2, 1, 3, 0]


@pytest.mark.fast
def test_spacing_yields_where_nothing_else_is_left():
    effects = [Spaced(brands("a", "a", "a", "b", "b", "c"), 5)]
    assert broken(effects, arrange(SCORES, 6, effects)) == {0: Broken()}


@pytest.mark.fast
def test_buried_items_come_last_and_only_where_there_is_room():
    assert shown([Buried(only(0, 1))]) == [2, 3, 4, 5]
    assert shown([Buried(only(0, 1))], 6) == [2, 3, 4, 5, 0, 1]


@pytest.mark.fast
def test_boosts_scale_the_score_and_several_multiply():
    assert shown([Boosted(only(5), 2.1)]) == [0, 5, 1, 2]
    assert shown([Boosted(only(5), 1.6), Boosted(only(5), 1.6)])[0] == 5
    assert shown([Boosted(only(0), 0.1)]) == [1, 2, 3, 4]


@pytest.mark.fast
def test_moves_say_from_where_to_where():
    effects = [Pinned((5,), 0), Capped(brands("a", "a", "b", "c", "d", "e"), 1)]
    of_effects, of_variety = moves(SCORES, 4, effects, arrange(SCORES, 4, effects, explain=True))
    assert [(m.candidate, m.old, m.new) for m in of_effects[0]] == [(5, 6, 1)]
    assert [(m.candidate, m.old, m.new) for m in of_effects[1]] == [(1, 2, 0)]
    assert {m.candidate for m in of_variety} == {0}  # pushed down by the others


def random_request(draw):
    """The scores, list length and effects of one request, of any mixture and however contradictory."""
    n, count = int(draw.integers(1, 40)), int(draw.integers(1, 16))
    scores = draw.choice([0.1, 0.2, 0.5, 0.9], n).astype(np.float32) if draw.random() < 0.2 else draw.random(n)

    def some():
        return draw.random(n) < draw.choice([0, 0.1, 0.3, 0.7, 1])

    def groups():
        values = [str(number) for number in range(draw.integers(1, 8))]
        return Groups.by_value([draw.choice(values, draw.integers(0, 3)).tolist() for _ in range(n)])

    makers = [
        lambda: Pinned(tuple(draw.permutation(n)[: draw.integers(1, 4)].tolist()), int(draw.integers(0, 12))),
        lambda: Capped(groups() if draw.random() < 0.5 else Groups.one(some()), int(draw.integers(1, 5))),
        lambda: Reserved(some(), int(draw.integers(1, count + 1))),
        lambda: Spaced(groups(), int(draw.integers(1, 5))),
        lambda: Buried(some()),
        lambda: Boosted(some(), float(draw.choice([0.1, 0.5, 2, 10]))),
    ]
    effects = [makers[draw.integers(len(makers))]() for _ in range(draw.integers(0, 6))]
    vectors = draw.normal(size=(n, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    diversity = Diversity(float(draw.choice([0, 0.4, 1])), draw.choice(list(DiversityMethod)))
    return scores.astype(np.float32), count, effects, diversity, vectors.astype(np.float32)


def is_kept(effect, positions, effects, pinned, count):
    """Whether a list keeps an effect, by the words of the API and nothing of the code."""
    places = {candidate: place for place, candidate in enumerate(positions)}
    of_group = {}
    if isinstance(effect, Capped | Spaced):
        for place, candidate in enumerate(positions):
            for group in effect.groups.of[candidate]:
                of_group.setdefault(group, []).append(place)
    match effect:
        case Pinned():
            wanted = enumerate(effect.candidates, effect.place)
            return all(places.get(candidate) == place for place, candidate in wanted if place < count)
        case Capped():
            return all(len(own) <= effect.most for own in of_group.values())
        case Reserved():
            return sum(effect.matching[candidate] for candidate in positions) >= effect.fewest
        case Spaced():
            return all((np.diff(own) > effect.distance).all() for own in of_group.values())
        case Buried():
            buried = [any(e.matching[c] for e in effects if isinstance(e, Buried)) for c in positions]
            front = [place for place, is_buried in enumerate(buried) if not is_buried]
            return not front or not effect.matching[positions[: front[-1]]].any()
        case Boosted():
            return True


def check(draw):
    scores, count, effects, diversity, vectors = random_request(draw)
    arrangement = arrange(scores, count, effects, diversity, vectors, explain=True)
    positions, not_kept = arrangement.positions.tolist(), broken(effects, arrangement)
    assert len(positions) == len(set(positions)) <= min(count, len(scores))
    if not any(isinstance(effect, Capped) for effect in effects):
        assert len(positions) == min(count, len(scores))
    for e, effect in enumerate(effects):
        assert is_kept(effect, positions, effects, arrangement.pinned_by, count) == (e not in not_kept), (e, effects)
        if (outcome := not_kept.get(e)) is not None and outcome.by is not None:
            assert outcome.by != e
            order = [Pinned, Capped, Reserved, Spaced, Buried]
            mine, theirs = order.index(type(effect)), order.index(type(effects[outcome.by]))
            assert theirs <= mine  # what yields comes later in the order of the API
        if isinstance(effect, Capped) and e in not_kept:
            assert isinstance(effects[not_kept[e].by], Pinned)
    of_effects, of_variety = moves(scores, count, effects, arrangement)
    for move in [move for own in [*of_effects, of_variety] for move in own]:
        assert move.old != move.new
        assert move.new == (positions.index(move.candidate) + 1 if move.candidate in positions else 0)


@pytest.mark.fast
def test_random_lists_keep_all_rules_or_say_why_not():
    draw = np.random.default_rng(int(os.environ.get("SEED", "7")))
    for _ in range(3_000):
        check(draw)


@pytest.mark.slow
def test_a_hundred_thousand_random_lists_keep_all_rules_or_say_why_not():
    draw = np.random.default_rng(1)
    for _ in range(100_000):
        check(draw)
