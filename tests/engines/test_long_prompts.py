"""Prompts that are longer than the text encoder reads: every word of them reaches the picture."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.engines.long_prompts import stretches
from pipelines.looks.prompts import Prompt
from tests.support.tiny_engines import SETTINGS, draw_together, gap, noise_person


def at_most(limit: int) -> Callable[[str], bool]:
    return lambda text: len(text.strip()) <= limit


def test_a_text_is_cut_at_commas_else_between_words_else_anywhere() -> None:
    assert stretches("a suit, a tie, hair", at_most(20)) == ["a suit, a tie, hair"]
    assert stretches("a suit, a tie, hair", at_most(14)) == ["a suit, a tie,", "hair"]
    assert stretches("a very dark blue suit, a tie", at_most(12)) == ["a very dark", "blue suit,", "a tie"]
    assert stretches("Donaudampfschiff", at_most(6)) == ["Donaud", "ampfsc", "hiff"]
    assert stretches("", at_most(6)) == [""]


@pytest.mark.parametrize("limit", range(1, 12))
def test_no_letter_is_lost_whatever_fits(limit: int) -> None:
    text = "one, two three  four,five, six-seven, 日本語のテキスト,, end"
    cut = stretches(text, at_most(limit))
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(len(one) <= limit for one in cut)


SHORT = "a person in a suit"
LONG = f"{SHORT}, " + ", ".join(["freckles", "blue glasses", "short grey hair", "a coffee shop behind"] * 3)
"""160 letters, each a token of the tiny tokenizer."""


def words(positive: str, negative: str = "blurry") -> Prompt:
    return Prompt(positive=positive, negative=negative, understood=(), ignored=())


@pytest.fixture(params=["sd15", "sdxl", "sdxl-instantid"])
def row(request: pytest.FixtureRequest, tiny_rows: Callable[[str], EngineSpec]) -> EngineSpec:
    """One engine of each pipeline with CLIP's text encoders."""
    return tiny_rows(request.param)


@pytest.fixture
def condition(engine: Engine) -> Condition:
    return engine.condition(noise_person(1, engine.spec.recogniser))


@pytest.mark.slow
def test_the_last_word_of_a_long_prompt_changes_the_picture(engine: Engine, condition: Condition) -> None:
    def draw(prompt: Prompt, **changes: Any) -> np.ndarray:
        return engine.generate(condition, prompt, dataclasses.replace(SETTINGS, **changes), 7)

    assert gap(draw(words(LONG + ", a red tie")), draw(words(LONG + ", a bow tie"))) > 0
    assert gap(draw(words(SHORT, LONG + ", red")), draw(words(SHORT, LONG + ", bow"))) > 0
    unguided = [draw(words(LONG + end), guidance_scale=1.0) for end in (", a red tie", ", a bow tie")]
    assert gap(*unguided) > 0


@pytest.mark.slow
def test_each_stretch_is_encoded_as_a_prompt_of_its_own(engine: Engine) -> None:
    pipeline = engine.pipeline
    cut = stretches(LONG, pipeline._fits)
    assert len(cut) >= 3
    with torch.no_grad():
        both = pipeline.encode_prompt([LONG], device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True,
                                      negative_prompt=[SHORT])  # fmt: skip
        alone = [
            pipeline.encode_prompt([text], device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
            for text in cut
        ]
    assert torch.equal(both[0], torch.cat([one[0] for one in alone], dim=1))
    assert both[1].shape == both[0].shape == (1, 77 * len(cut), both[0].shape[-1])
    if len(both) == 4:
        assert torch.equal(both[2], alone[0][2]) and both[3].shape == both[2].shape


@pytest.mark.slow
def test_a_short_and_a_long_prompt_in_one_batch_are_drawn_as_alone(engine: Engine, condition: Condition) -> None:
    """The short one's further stretches are empty, as they are beside a long negative prompt."""
    draws = [Draw(condition=condition, prompt=words(text, LONG), seed=7) for text in (SHORT, LONG)]
    together = draw_together(engine, draws)
    for picture, one in zip(together, draws, strict=True):
        assert gap(picture, engine.generate(condition, one.prompt, SETTINGS, 7)) <= 1
