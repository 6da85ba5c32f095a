"""Events of the controls: after a choice, what the others offer and say. Nothing of a person is kept here."""

import secrets
from typing import Any

import gradio as gr

from pipelines.looks.fields import FIELDS
from pipelines.page.controls import Controls
from pipelines.page.layout import EngineSection, LookSection, WordsSection
from pipelines.run_plan import DRAWN_SEEDS


class ControlEvents:
    """Events of the look, the words and the engine."""

    def __init__(self, controls: Controls, look: LookSection, words: WordsSection, engine: EngineSection):
        self.controls, self.look, self.words, self.engine = controls, look, words, engine

    def show_look(self, look: str, engine: str) -> dict[Any, Any]:
        """After another look or engine: the look's description, and what its fields offer."""
        offers = {
            self.look.fields[field]: gr.update(choices=self.controls.field_choices(field, look, engine))
            for field in FIELDS
        }
        return {self.look.description: self.controls.description(look), **offers}

    def show_limits(self, look: str, engine: str, words: str, **fields: str) -> dict[Any, Any]:
        """After another look, engine, field or word: what the engine cannot follow."""
        return {self.look.limits: self.controls.limits(look, engine, words, fields)}

    def show_words(self, look: str, engine: str, words: str, negative_words: str, guidance: float) -> dict[Any, Any]:
        """After another word, look, engine or guidance scale: what becomes of the words."""
        heard = self.controls.heard_words(look, engine, words or "", negative_words or "", guidance)
        return {self.words.heard: heard}

    def show_engine(self, engine: str) -> dict[Any, Any]:
        """After another engine: its licence, the words it knows, and which sliders do something."""
        states = self.controls.slider_states(engine)
        return {
            **{self.engine.sliders[name]: gr.Slider(**state) for name, state in states.items()},
            self.engine.licence: self.controls.licence(engine),
            self.words.known: self.controls.known_words(engine),
        }

    def reset_sliders(self, engine: str) -> dict[Any, Any]:
        """After the person chose another engine: its own settings."""
        return {self.engine.sliders[name]: value for name, value in self.controls.defaults(engine).items()}

    def roll(self) -> dict[Any, Any]:
        """Draw a new seed."""
        return {self.engine.seed: str(secrets.randbelow(DRAWN_SEEDS))}
