"""A run is a shoot: consecutive seeds differ as a photographer's pictures do, and each seed always gives the same."""

import itertools

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks, with_fields
from pipelines.looks.shoot import FRAMINGS, HEADS, TORSOS, cut_of, pose, with_cut_of, with_smile
from pipelines.request import Request
from pipelines.run_plan import RunPlan
from pipelines.settings import SEEDS

LOOKS = load_looks()
OPEN = with_fields(LOOKS["corporate"], expression="smiling", torso="any", tilt="any", framing="any", cut="any")
RUNS = [range(first, first + 4) for first in range(200)]


@pytest.mark.parametrize("run", RUNS[:24], ids=str)
def test_four_pictures_show_three_torsos_two_smiles_and_three_framings(run):
    poses = [pose(OPEN, seed) for seed in run]
    assert {each.torso for each in poses} == {"left", "straight", "right"}
    assert {each.smile for each in poses} == {"broad", "slight"}
    assert {each.head for each in poses} == set(HEADS["portrait"].values())
    assert len({each.tilt for each in poses}) == 4


def test_the_last_seed_and_the_first_are_neighbours():
    torsos = [pose(OPEN, seed % SEEDS).torso for seed in range(SEEDS - 3, SEEDS + 3)]
    assert all(set(torsos[k : k + 4]) == set(TORSOS) for k in range(3))


def test_torso_and_smile_and_framing_come_in_every_combination():
    seen = {(each.torso, each.smile, each.head) for each in (pose(OPEN, seed) for seed in range(48))}
    assert len(seen) == len(TORSOS) * 2 * len(set(FRAMINGS))


def test_a_seed_always_gives_the_same_pose():
    assert [pose(OPEN, seed) for seed in range(50)] == [pose(OPEN, seed) for seed in range(50)]
    assert pose(OPEN, 7) == pose(LOOKS["corporate"], 7)


def test_a_tilt_is_small_and_leans_to_the_shoulder_that_is_further_away():
    for each in (pose(OPEN, seed) for seed in range(200)):
        assert 0.3 <= abs(each.tilt) <= 3
        assert each.torso == "straight" or (each.tilt > 0) == (each.torso == "right")


def test_a_head_turns_a_little_with_the_torso():
    for each in (pose(OPEN, seed) for seed in range(200)):
        assert np.sign(each.turn) == {"left": -1, "straight": 0, "right": 1}[each.torso]
        assert each.torso == "straight" or 4 <= abs(each.turn) <= 8


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_fixed_field_fixes_its_part_in_every_picture(look):
    for torso, framing, cut in itertools.product(("left", "straight", "right"), HEADS["tight"], ("mens", "womens")):
        fixed = with_fields(look, torso=torso, framing=framing, cut=cut, crop="portrait", tilt="none")
        for seed in range(8):
            made = pose(fixed, seed)
            head = HEADS["portrait"][framing]
            assert (made.torso, made.tilt, made.head, made.cut) == (torso, 0.0, head, cut)


@pytest.mark.parametrize(("choice", "sign"), [("left", -1), ("right", 1)])
def test_a_tilt_that_was_asked_for_goes_to_its_side_and_is_seen(choice, sign):
    for seed in range(50):
        assert 1 <= sign * pose(with_fields(OPEN, tilt=choice), seed).tilt <= 3


def test_only_a_smile_that_is_left_open_varies():
    for expression in FIELDS["expression"]:
        smiles = {pose(with_fields(OPEN, expression=expression), seed).smile for seed in range(8)}
        assert smiles == ({"broad", "slight"} if expression == "smiling" else {""})
    assert with_smile(OPEN, "slight").expression == "slight-smile"
    assert with_smile(with_fields(OPEN, expression="serious"), "broad").expression == "serious"


def test_a_closer_framing_shows_a_larger_head_in_every_crop():
    assert HEADS.keys() == set(FIELDS["crop"])
    for heads in HEADS.values():
        assert heads["wide"] < heads["normal"] < heads["close"]


def test_any_four_pictures_in_a_row_are_two_of_each_cut():
    for seed in range(20):
        cuts = [cut_of(OPEN, k) for k in range(seed, seed + 4)]
        assert sorted(cuts) == ["mens", "mens", "womens", "womens"]
        assert pose(with_cut_of(OPEN, seed), seed + 2).cut == cuts[0]


@pytest.mark.parametrize("look", LOOKS)
def test_the_recipe_of_each_picture_repeats_it(look):
    plan = RunPlan.of(Request(photos=[b"a photo"], look=look, seed=41, count=4), ENGINES["builtin"])
    for seed in range(41, 45):
        assert plan.look_of(seed).cut in ("mens", "womens")
        recipe = plan.recipe(seed)
        again = RunPlan.of(Request.from_recipe(recipe, [b"a photo"]), ENGINES["builtin"])
        assert (again.seed, again.recipe(seed)) == (seed, recipe)
        assert again.look_of(seed).fields == plan.look_of(seed).fields
        assert pose(again.look, seed) == pose(plan.look, seed)


def test_engines_that_draw_their_own_clothes_have_no_cut_chosen_for_them():
    plan = RunPlan.of(Request(photos=[b"a photo"], seed=41), ENGINES["sd15"])
    assert plan.look_of(41).fields == plan.look.fields == LOOKS["corporate"].fields
