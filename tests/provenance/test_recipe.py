"""Recipes of pictures that an earlier version made: they are read, and ask for the same picture again."""

from dataclasses import asdict, replace

import pytest

from pipelines.engine_table import ENGINES
from pipelines.looks.fields import LATER_FIELDS
from pipelines.paths import ASSETS
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import read_recipe
from pipelines.request import Request
from pipelines.run_plan import RunPlan

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
