"""Settings as a whole: what a browser kept is checked like anything from outside; a look's own fields are its own."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import Look, load_looks, with_chosen_cut, with_fields
from pipelines.looks.shoot import with_cut_of
from pipelines.page.controls import AS_THE_LOOK
from pipelines.page.events.run import own_fields, recipe_values
from pipelines.page.events.settings import SettingsEvents
from pipelines.settings import AUTO

NAMES = ["look", "light", "words", "engine", "steps", "seed", "count", "more_looks"]
GOOD = ["outdoor", "from-left", "big smile", "sdxl", 20, "77", 3, ["startup"]]


def engine(choice: str) -> tuple[EngineSpec, str]:
    return ENGINES["builtin" if choice == AUTO else choice], ""


CONTROLS: Any = SimpleNamespace(all_looks=load_looks(), engine=engine)


def restored(values: Any, age: float = 0.0) -> dict[str, Any]:
    events = SettingsEvents(CONTROLS, SimpleNamespace())  # type: ignore[arg-type]
    saved = {"at": 1000 * (time.time() - age), "values": values}
    return events.restore({name: name for name in NAMES})(saved)


def test_settings_come_back_to_the_controls_of_their_names() -> None:
    assert restored(GOOD) == dict(zip(NAMES, GOOD, strict=True))


def test_words_do_not_come_back_the_next_day() -> None:
    assert restored(GOOD, age=25 * 60 * 60).keys() == set(NAMES) - {"words"}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("look", "no-such-look"),
        ("light", "moonlight"),
        ("light", ["from-left"]),
        ("words", "x" * 1001),
        ("engine", "no-such-engine"),
        ("engine", None),
        ("steps", 10_000),
        ("steps", 12),  # less than the page offers for this engine
        ("steps", True),
        ("steps", "12"),
        ("seed", "1" * 11),
        ("count", 9),
        ("more_looks", "startup"),
        ("more_looks", ["startup", "no-such-look"]),
    ],
)
def test_what_is_no_setting_is_left_out(name: str, wrong: Any) -> None:
    values = [wrong if one == name else value for one, value in zip(NAMES, GOOD, strict=True)]
    assert restored(values) == {one: value for one, value in zip(NAMES, GOOD, strict=True) if one != name}


@pytest.mark.parametrize("kept", [None, "text", 7, [], {}, {"values": "x"}, {"values": [1]}])
def test_whatever_a_browser_has_kept_harms_nothing(kept: Any) -> None:
    events = SettingsEvents(CONTROLS, SimpleNamespace())  # type: ignore[arg-type]
    assert "outdoor" not in events.restore({name: name for name in NAMES})(kept).values()


def test_numbers_that_the_engine_of_the_day_does_not_offer_do_not_come_back() -> None:
    values = dict(zip(NAMES, GOOD, strict=True)) | {"engine": AUTO, "steps": 50}
    assert restored(list(values.values())).keys() == set(NAMES) - {"steps"}


def recipe(look: str, fields: dict[str, str], seed: int = 1, engine: str = "builtin", **settings: Any) -> Any:
    return SimpleNamespace(
        **{**vars(ENGINES[engine].defaults), **settings}, look=look, engine=engine, seed=seed, **fields
    )


def test_every_look_s_own_fields_are_left_to_it_and_come_out_the_same() -> None:
    for look in load_looks().values():
        for seed in range(8):
            fields = with_cut_of(look, seed).fields
            own = own_fields(recipe(look.id, fields, seed))
            assert own >= {"backdrop", "light", "crop"}
            left = {name: None if name in own else choice for name, choice in fields.items()}
            assert with_cut_of(with_fields(look, **left), seed).fields == fields


def test_a_field_that_differs_from_the_look_is_not_left_to_it() -> None:
    fields = {**with_cut_of(load_looks()["corporate"], 1).fields, "backdrop": "brick"}
    assert "backdrop" not in own_fields(recipe("corporate", fields))
    assert "light" in own_fields(recipe("corporate", fields))
    assert own_fields(recipe("no-such-look", dict.fromkeys(FIELDS, "x"))) == set()


CHOSEN: tuple[dict[str, str], ...] = (
    {},
    {"cut": "mens", "tie": "none"},
    {"cut": "womens"},
    {"cut": "mens", "wardrobe": "black-turtleneck"},
)


@pytest.mark.parametrize("engine", ["builtin", "sdxl"])
@pytest.mark.parametrize("look", load_looks().values(), ids=lambda look: look.id)
def test_what_a_recipe_sets_is_on_offer_and_means_the_same(look: Look, engine: str) -> None:
    def settled(chosen: Look) -> Look:
        if engine == "builtin":
            return with_cut_of(chosen, 1)
        return with_chosen_cut(chosen)

    for chosen in CHOSEN:
        fields = settled(with_fields(look, **chosen)).fields
        values = recipe_values(recipe(look.id, fields, engine=engine), list(FIELDS))
        assert not [name for name in FIELDS if values[name] == "any" == look.fields[name]]
        again = with_fields(look, **{name: None if value == AS_THE_LOOK else value for name, value in values.items()})
        assert settled(again).fields == fields


def test_numbers_of_a_recipe_are_those_that_the_page_offers() -> None:
    fields = dict(load_looks()["corporate"].fields)
    asked = ["steps", "guidance_scale", "second_pass"]
    values = recipe_values(recipe("corporate", fields, engine="sd15", steps=60, second_pass=None), asked)
    assert values == {"steps": 50, "guidance_scale": 5.0, "second_pass": ENGINES["sd15"].defaults.second_pass}
