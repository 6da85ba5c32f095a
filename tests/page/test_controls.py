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
        assert len(labels) == len(FIELDS[field]) + 1
        assert not [label for label in labels if "roughly" in label]


def test_the_looks_own_choice_is_shown_for_either_cut(controls: Controls) -> None:
    def first(field: str, engine: str) -> str:
        return controls.field_choices(field, "corporate", engine)[0][0]

    assert first("tie", "builtin") == "Plain / No tie (look)"
    assert (first("wardrobe", "builtin"), first("cut", "builtin")) == ("Dark suit (look)", "Any (look)")
    assert first("tie", "sdxl") == "As usual with it (look)"


def test_the_page_says_what_does_not_go_with_the_garment(controls: Controls) -> None:
    assert "A tie goes with a suit or a blazer" in limits(controls, words="red tie")
    assert "A tie goes with a suit or a blazer" not in limits(controls, words="navy suit, red tie")
    assert "A tie goes with" in limits(controls, tie="plain") and "A tie goes with" not in limits(controls)
    assert limits(controls, engine="sdxl", tie="plain") == ""


def test_the_page_names_phrases_for_every_field_and_the_head() -> None:
    shown = known_words("builtin")
    assert shown.keys() == {"facing", "turned-left", "turned-right"} | {field_label(field).lower() for field in FIELDS}
    assert all(shown.values())
    assert known_words("diffusion") == {}


def test_words_for_clothes_are_understood_while_typing(controls: Controls) -> None:
    heard = controls.heard_words("corporate", "builtin", "navy suit, red tie, a parrot", "")
    assert "Ignored" in heard and heard.index("red tie") < heard.index("Ignored") < heard.index("parrot")
