"""A run plan settles what the request leaves open, and says before the run what will not be done."""

from dataclasses import replace
from typing import Any

import pytest

from pipelines.engine_table import ENGINES
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import Prompt, compose
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


ENGINES_OF_EACH_FAMILY = pytest.mark.parametrize("engine", ["builtin", "sd15", "sdxl-instantid-lcm", "flux2-klein"])


@ENGINES_OF_EACH_FAMILY
def test_a_tie_that_the_garment_cannot_have_is_said(engine: str) -> None:
    def said(**wanted: Any) -> str:
        return " ".join(plan(engine, look="startup", tie="plain", **wanted).warnings(NOTHING_IGNORED))

    assert "A tie goes with a suit or a blazer; with “T-shirt” it is left out." in said()
    assert "tie" not in said(wardrobe="dark-suit")


@pytest.mark.parametrize("engine", ["sd15", "flux2-klein"])
def test_what_was_chosen_beside_clothes_that_words_describe_is_said_to_be_left_out(engine: str) -> None:
    chosen = plan(engine, words="green velvet blazer", tie="striped", cut="mens")
    assert chosen.warnings(NOTHING_IGNORED) == (
        "Tie: left out, because your words describe the clothes. Add it to them.",
        "Cut: left out, because your words describe the clothes. Add it to them.",
    )
    assert plan(engine, words="green velvet blazer with a red tie").warnings(NOTHING_IGNORED) == ()
    recipe = plan(engine, words="green velvet blazer").recipe(7)  # it names every field
    again = Request.from_recipe(recipe, [b"a photo"])
    assert RunPlan.of(again, ENGINES[engine]).warnings(NOTHING_IGNORED) == ()


@pytest.mark.parametrize("engine", ["sd15", "sdxl-instantid", "flux2-klein"])
def test_an_engine_that_draws_clothes_is_told_those_of_a_chosen_cut(engine: str) -> None:
    assert plan(engine, cut="womens").look.tie == "none" and plan(engine, cut="mens").look.tie == "plain"
    again = Request.from_recipe(plan(engine, cut="mens").recipe(7), [b"a photo"])
    assert RunPlan.of(again, ENGINES[engine]).recipe(7) == plan(engine, cut="mens").recipe(7)


def test_what_is_not_wanted_is_named_where_the_engine_cannot_be_told() -> None:
    def said(engine: str, **wanted: Any) -> tuple[str, ...]:
        made = plan(engine, words="no glasses, without a beard", **wanted)
        return made.warnings(compose(made.look, words=made.words, family=made.spec.family))

    sentence = (
        "“glasses, a beard” should not be in the picture, and this engine is told so only with guidance: raise it "
        "above 1."
    )
    assert said("sdxl-lcm") == said("sdxl-instantid-lcm") == (sentence,)
    assert said("sdxl") == said("sdxl-lcm", guidance_scale=1.5) == said("flux2-klein") == ()


def test_the_drawn_backdrop_stays_unless_the_look_or_the_person_wants_a_painted_one() -> None:
    def painted(**wanted: Any) -> bool:
        return plan("sd15", **wanted).cut_out

    assert not painted() and not painted(words="in a coffee shop") and not painted(backdrop="seamless-grey")
    assert painted(backdrop="black") and painted(words="black background")
    assert painted(look="cv") and load_look("cv").painted_backdrop
    assert not painted(look="cv", words="in a coffee shop")  # words win over look and fields
    assert not painted(backdrop="black", words="in a coffee shop")
    assert plan("builtin", words="in a coffee shop").cut_out


@pytest.mark.parametrize("engine", ["builtin", "sdxl-instantid", "flux2-klein"])
def test_the_weight_of_a_lora_that_is_not_there_is_said_to_do_nothing(engine: str) -> None:
    said = "LoRA weight: Does nothing here: this engine's adapter has no LoRA of its own."
    assert said in plan(engine, lora_scale=0.5).warnings(NOTHING_IGNORED)
    assert said not in plan(engine).warnings(NOTHING_IGNORED)
    assert plan("sd15", lora_scale=0.5).warnings(NOTHING_IGNORED) == ()


def test_a_second_pass_is_as_the_engine_has_it_unless_somebody_chooses_otherwise() -> None:
    assert plan("sd15").settings.second_pass == plan("sd15-lcm").settings.second_pass == 0.35
    assert plan("sd15", second_pass=0).settings.second_pass == plan("sdxl").settings.second_pass == 0
    assert plan("sd15", second_pass=1e-9).settings.second_pass == 0  # a schedule of two thousand million steps
    assert plan("sd15", second_pass=0.05).settings.second_pass == 0.05
    assert plan("sd15", second_pass=0.2).warnings(NOTHING_IGNORED) == ()
    said = plan("sdxl", second_pass=0.2).warnings(NOTHING_IGNORED)
    assert said == ("Second pass: Does nothing here: this engine draws in one pass.",)
    before = replace(plan("sd15").recipe(7), second_pass=None)  # of a version in which it could not be chosen
    assert RunPlan.of(Request.from_recipe(before, [b"a photo"]), ENGINES["sd15"]).settings.second_pass == 0.35


def test_a_setting_that_does_nothing_with_the_engine_is_said_before_the_run() -> None:
    said = plan("flux2-klein", structure=0.5, negative_words="hats").warnings(NOTHING_IGNORED)
    assert said == ("Structure: Does nothing here: this engine sees the photo itself.",)
    assert plan("flux2-klein").warnings(NOTHING_IGNORED) == ()
