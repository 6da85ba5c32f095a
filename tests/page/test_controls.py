"""The controls: what the page offers for an engine and a look, and what it says about it."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.engine_table import ENGINES
from pipelines.looks.fields import FIELDS, field_label
from pipelines.page.controls import AS_THE_LOOK, Controls, known_words


@pytest.fixture
def controls() -> Controls:
    studio: Any = SimpleNamespace(spec=ENGINES["builtin"], reason="it was asked for")
    return Controls(studio)


def limits(controls: Controls, engine: str = "builtin", words: str = "", look: str = "startup", **chosen: str) -> str:
    return controls.limits(look, engine, words, {**dict.fromkeys(FIELDS, AS_THE_LOOK), **chosen})


def test_what_the_built_in_engine_obeys_is_not_called_rough(controls: Controls) -> None:
    for field in FIELDS.keys() - {"light", "expression"}:
        labels = [label for label, _ in controls.field_choices(field, "corporate", "builtin")]
        left_open = controls.all_looks["corporate"].fields[field] == "any"  # is not offered twice
        assert len(labels) == len(FIELDS[field]) + (not left_open)
        assert not [label for label in labels if "roughly" in label]


def test_the_looks_own_choice_is_shown_for_either_cut(controls: Controls) -> None:
    def first(field: str, engine: str) -> str:
        return controls.field_choices(field, "corporate", engine)[0][0]

    assert first("tie", "builtin") == "Plain / No tie (look)"
    assert (first("wardrobe", "builtin"), first("cut", "builtin")) == ("Dark suit (look)", "Both (look)")
    assert first("tie", "sdxl") == "As usual with it (look)"


def test_the_page_says_what_does_not_go_with_the_garment(controls: Controls) -> None:
    assert "A tie goes with a suit or a blazer" in limits(controls, words="red tie")
    assert "A tie goes with a suit or a blazer" not in limits(controls, words="navy suit, red tie")
    assert "A tie goes with" in limits(controls, tie="plain") and "A tie goes with" not in limits(controls)
    assert "A tie goes with" in limits(controls, engine="sdxl", tie="plain")
    assert limits(controls, engine="sdxl", words="red tie") == ""  # it reads the words themselves


def test_the_page_names_phrases_for_every_field_and_the_head() -> None:
    shown = known_words("builtin")
    assert shown.keys() == {"facing", "turned-left", "turned-right"} | {field_label(field).lower() for field in FIELDS}
    assert all(shown.values())
    assert known_words("diffusion") == {}


def test_words_for_clothes_are_understood_while_typing(controls: Controls) -> None:
    heard = controls.heard_words("corporate", "builtin", "navy suit, red tie, a parrot", "", 1.2)
    assert "Ignored" in heard and heard.index("red tie") < heard.index("Ignored") < heard.index("parrot")


@pytest.mark.parametrize(
    ("engine", "negative", "guidance", "note"),
    [
        ("sd15-lcm", "hat", 1.0, True),
        ("sd15-lcm", "hat", 1.5, False),
        ("sd15", "hat", 5.0, False),
        ("sd15-lcm", "", 1.0, False),
        ("builtin", "glasses", 1.0, True),
        ("flux2-klein", "hat", 1.0, False),  # it is told in words
    ],
)
def test_negative_words_that_do_nothing_are_said_to_while_typing(
    controls: Controls, engine: str, negative: str, guidance: float, note: bool
) -> None:
    heard = controls.heard_words("corporate", engine, "", negative, guidance)
    assert ("Negative words need guidance" in heard) is note


@pytest.mark.parametrize("engine", ["sd15", "flux2-klein"])
def test_what_goes_with_clothes_that_words_describe_is_said_to_be_left_out(controls: Controls, engine: str) -> None:
    assert "your words describe the clothes" in limits(controls, engine, "green velvet blazer", tie="striped")
    assert limits(controls, engine, "green velvet blazer with a striped tie") == ""


def test_sliders_that_do_nothing_are_grey_and_say_why(controls: Controls) -> None:
    states = controls.slider_states("flux2-klein")
    assert {name for name, state in states.items() if not state["interactive"]} == {
        "resemblance",
        "identity_strength",
        "structure",
        "guidance_scale",
        "lora_scale",
        "second_pass",
    } - {name for name, state in states.items() if not state["visible"]}
    assert states["structure"]["info"] == "Does nothing here: this engine sees the photo itself."
    assert states["steps"]["info"] == "More take longer."
    for engine in ("builtin", "sd15"):
        assert all(state["interactive"] for state in controls.slider_states(engine).values())
    assert not controls.slider_states("builtin")["lora_scale"]["visible"]
    assert controls.slider_states("sd15")["lora_scale"]["visible"]
    shown = [engine for engine in ENGINES if controls.slider_states(engine)["second_pass"]["visible"]]
    assert shown == ["sd15", "sd15-lcm"]


@pytest.mark.parametrize(
    ("engine", "said"), [("builtin", "no. InsightFace"), ("sdxl", "no. InsightFace"), ("flux2-klein", "yes. FLUX.2")]
)
def test_the_page_says_in_a_word_whether_an_engine_is_for_work(controls: Controls, engine: str, said: str) -> None:
    assert f"<b>Use at work:</b> {said}" in controls.licence(engine)


def test_the_page_says_that_an_edit_model_sees_the_photo(controls: Controls) -> None:
    assert "sees the photo itself" in controls.licence("flux2-klein")
