"""A run plan settles what the request leaves open, and says before the run what will not be done."""

from typing import Any

import pytest

from pipelines.engine_table import ENGINES
from pipelines.looks.prompts import Prompt
from pipelines.request import Request
from pipelines.run_plan import BOTH_CUTS, RunPlan

NOTHING_IGNORED = Prompt(positive="", negative="", understood=(), ignored=())


def plan(engine: str = "builtin", **wanted: Any) -> RunPlan:
    return RunPlan.of(Request(photos=[b"a photo"], **{"seed": 7, **wanted}), ENGINES[engine])


def test_both_cuts_come_in_a_run_that_leaves_it_open_and_the_person_is_told() -> None:
    made = plan(seed=3)
    assert {made.recipe(seed).cut for seed in range(3, 7)} == {"mens", "womens"}
    assert made.warnings(NOTHING_IGNORED)[-1] == BOTH_CUTS
    for one in (plan(seed=3, cut="mens"), plan(count=1), plan("sd15")):
        assert BOTH_CUTS not in one.warnings(NOTHING_IGNORED)


@pytest.mark.parametrize("cut", ["mens", "womens"])
def test_a_chosen_cut_brings_the_looks_clothes_for_it(cut: str) -> None:
    made = plan(cut=cut)
    for seed in range(6):
        look = made.look_of(seed)
        assert (look.cut, look.tie) == (cut, {"mens": "plain", "womens": "none"}[cut])


def test_words_win_over_fields_and_both_over_the_cut() -> None:
    look = plan(cut="womens", tie="striped", wardrobe="blazer", words="beige suit, red tie").look_of(7)
    assert (look.wardrobe, look.colour, look.tie, look.tie_colour) == ("light-suit", "beige", "plain", "red")


def test_a_tie_that_the_garment_cannot_have_is_said_by_the_engine_that_draws_garments() -> None:
    def said(engine: str, **wanted: Any) -> str:
        return " ".join(plan(engine, look="startup", tie="plain", **wanted).warnings(NOTHING_IGNORED))

    assert "A tie goes with a suit or a blazer; with “T-shirt” it is left out." in said("builtin")
    assert "tie" not in said("sd15") and "tie" not in said("builtin", wardrobe="dark-suit")


def test_a_setting_that_does_nothing_with_the_engine_is_said_before_the_run() -> None:
    said = plan("flux2-klein", structure=0.5, negative_words="hats").warnings(NOTHING_IGNORED)
    assert said == ("Structure: Does nothing here: this engine sees the photo itself.",)
    assert plan("flux2-klein").warnings(NOTHING_IGNORED) == ()
