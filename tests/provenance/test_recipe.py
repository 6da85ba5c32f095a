"""Recipes: they hold what a request may, and those of an earlier version ask for the same picture again."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.looks.fields import LATER_FIELDS
from pipelines.paths import ASSETS
from pipelines.provenance.recipe import VERSIONS, Recipe
from pipelines.provenance.save import read_recipe
from pipelines.request import Request
from pipelines.run_plan import RunPlan
from pipelines.settings import SETTINGS
from tests.support.recipes import RECIPE

FIRST_RELEASE = """{"engine": "builtin", "look": "corporate", "backdrop": "seamless-grey", "wardrobe": "lab-coat",
"light": "soft", "expression": "smiling", "crop": "portrait", "words": "", "negative_words": "",
"identity_strength": 1.0, "structure": 1.2, "guidance_scale": 1.2, "steps": 4, "seed": 1,
"versions": {"app": "0.1.0", "model": "eeb0335164a8", "torch": "2.13.0+cpu", "diffusers": "0.42.1"}, "format": 1}"""


def test_a_recipe_of_the_first_release_means_its_garment_and_leaves_the_later_fields_to_the_look() -> None:
    recipe = Recipe.from_json(FIRST_RELEASE)
    assert not any(recipe.fields[name] for name in LATER_FIELDS)
    look = RunPlan.of(Request.from_recipe(recipe, [b"the same photo"]), ENGINES["builtin"]).look_of(recipe.seed)
    assert (look.wardrobe, look.colour, look.backdrop) == ("lab-coat", "own", "seamless-grey")
    assert look.cut in ("mens", "womens") and look.torso == "any"


@pytest.mark.parametrize("name", sorted(file.name for file in (ASSETS / "looks").glob("*.jpg")))
def test_a_picture_of_an_earlier_version_can_be_asked_for_again(name: str) -> None:
    recipe = read_recipe(ASSETS / "looks" / name)
    request = Request.from_recipe(recipe, [b"the same photo"])
    assert (request.look, request.seed, request.count) == (name.removesuffix(".jpg"), recipe.seed, 1)
    plan = RunPlan.of(request, ENGINES[recipe.engine])
    again, known = plan.recipe(recipe.seed), asdict(replace(recipe, versions=plan.versions))
    assert asdict(again) == {**asdict(again), **{name: value for name, value in known.items() if value is not None}}
    assert RunPlan.of(Request.from_recipe(again, [b"it"]), ENGINES[recipe.engine]).recipe(recipe.seed) == again


@pytest.mark.parametrize(("name", "setting"), SETTINGS.items())
def test_a_recipe_with_a_value_that_no_request_has_cannot_be_made(name, setting):
    assert replace(RECIPE, second_pass=None).second_pass is None  # of before it could be chosen
    for value in (setting.low - 1, setting.high + 1, "1", *([] if name == "second_pass" else [None])):
        with pytest.raises(UserError, match=f"^{setting.label} must be a .*number from"):
            replace(RECIPE, **dict[str, Any]({name: value}))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"look": "../x"}, "The look in a recipe must be an id"),
        ({"words": "a" * 1001}, "The words must be text of at most 1000 characters"),
        ({"format": 2}, "The format of a recipe must be 1"),
        ({"negative_words": 7}, "The negative words must be text"),
        ({"versions": {"face": "1"}}, "The versions in a recipe must be short texts for app, model, torch, diffusers"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_named(values, sentence):
    with pytest.raises(UserError, match="^" + sentence):
        replace(RECIPE, **values)


def test_a_recipe_holds_nothing_about_the_person(saved):
    assert {field.name for field in fields(Recipe)} == {
        *("format", "engine", "look", "wardrobe", "colour", "tie", "tie_colour", "shirt_colour", "cut", "build"),
        *("backdrop", "light", "expression", "crop", "framing", "torso", "tilt", "words", "negative_words"),
        *("identity_strength", "structure", "resemblance", "guidance_scale", "steps", "lora_scale", "second_pass"),
        *("seed", "versions"),
    }
    assert VERSIONS == ("app", "model", "torch", "diffusers")
    assert b"headshot." not in saved.read_bytes().replace(b"headshot:", b"")  # not even its own file name
