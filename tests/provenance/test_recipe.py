"""Recipes of pictures that an earlier version made: they are read, and ask for the same picture again."""

from dataclasses import asdict, replace

import pytest

from pipelines.engine_table import ENGINES
from pipelines.paths import ASSETS
from pipelines.provenance.save import read_recipe
from pipelines.request import Request
from pipelines.run_plan import RunPlan


@pytest.mark.parametrize("name", sorted(file.name for file in (ASSETS / "looks").glob("*.jpg")))
def test_a_picture_of_an_earlier_version_can_be_asked_for_again(name: str) -> None:
    recipe = read_recipe(ASSETS / "looks" / name)
    request = Request.from_recipe(recipe, [b"the same photo"])
    assert (request.look, request.seed, request.count) == (name.removesuffix(".jpg"), recipe.seed, 1)
    plan = RunPlan.of(request, ENGINES[recipe.engine])
    again, known = plan.recipe(recipe.seed), asdict(replace(recipe, versions=plan.versions))
    assert asdict(again) == {**asdict(again), **{name: value for name, value in known.items() if value is not None}}
    assert RunPlan.of(Request.from_recipe(again, [b"it"]), ENGINES[recipe.engine]).recipe(recipe.seed) == again
