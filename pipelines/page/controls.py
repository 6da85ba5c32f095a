"""What the controls of the page offer and say, for an engine and a look. No visitor's data is kept here."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import gradio as gr

from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.errors import UserError
from pipelines.looks.fields import BUILTIN, CHOICES, FIELDS, unobeyed
from pipelines.looks.phrases import phrases
from pipelines.looks.preset import Look, load_looks, with_fields
from pipelines.looks.prompts import apply_words, compose
from pipelines.looks.vocabulary import VOCABULARY
from pipelines.page import html
from pipelines.settings import AUTO, SETTINGS
from pipelines.studio import Studio

AS_THE_LOOK = "as-the-look"
SLIDERS = ("identity_strength", "structure", "guidance_scale", "steps", "lora_scale")
NOT_HERE = "(not with this engine)"
SAID = 8  # phrases shown for each word


class Controls:
    """The choices on the page."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.all_looks = load_looks()

    def engine(self, choice: str) -> tuple[EngineSpec, str]:
        """The engine that a choice stands for, and why."""
        if choice == AUTO or choice not in ENGINES:
            return self.studio.spec, self.studio.reason
        return ENGINES[choice], "you chose it"

    def engines(self) -> list[tuple[str, str]]:
        """Every engine, under its title."""
        return [(f"Automatic ({self.studio.spec.title})", AUTO), *((spec.title, spec.id) for spec in ENGINES.values())]

    def looks(self) -> list[tuple[str, str]]:
        """Every look, under its title."""
        return [(look.title, look.id) for look in self.all_looks.values()]

    def look(self, look_id: str, fields: Sequence[str] = ()) -> Look:
        """A look with the fields that the person chose, in the order of FIELDS."""
        chosen = {name: choice for name, choice in zip(FIELDS, fields, strict=False) if choice != AS_THE_LOOK}
        return with_fields(self.all_looks[look_id], **chosen)

    def field_choices(self, field: str, look_id: str, engine: str) -> list[tuple[str, str]]:
        """Every choice of a field, marked where the engine cannot follow it."""
        family = self.engine(engine)[0].family
        own = self.all_looks[look_id].fields[field]
        first = f"{CHOICES[field][own].label} (look)"
        return [(first, AS_THE_LOOK), *((_marked(field, choice, family), choice) for choice in FIELDS[field])]

    def describe(self, look_id: str) -> str:
        """What a look is for."""
        return html.muted(self.all_looks[look_id].description)

    def show_look(self, look_id: str, engine: str) -> list[Any]:
        """After another look or engine: its description, and what the five fields offer."""
        offers = [gr.Dropdown(choices=self.field_choices(field, look_id, engine)) for field in FIELDS]
        return [self.describe(look_id), *offers]

    def show_limits(self, look_id: str, engine: str, words: str, *fields: str) -> str:
        """What the engine cannot follow of look, fields and words, as sentences, before the run."""
        family = self.engine(engine)[0].family
        look = self.look(look_id, fields)
        with suppress(UserError):  # said under the words
            look = apply_words(look, words)
        said = [unobeyed(family, name, choice) for name, choice in look.fields.items()]
        said += [
            unobeyed(family, name, choice) for name in FIELDS for choice in FIELDS[name] if _off(name, choice, family)
        ]
        return html.notes(dict.fromkeys(filter(None, said)))

    def show_words(self, look_id: str, engine: str, words: str, negative_words: str) -> str:
        """What becomes of the words in the two boxes."""
        family = self.engine(engine)[0].family
        try:
            prompt = compose(
                self.all_looks[look_id], words=words or "", negative_words=negative_words or "", family=family
            )
        except UserError as error:
            return html.alert(str(error))
        return html.words_heard(prompt.understood, prompt.ignored)

    def show_engine(self, engine: str) -> list[str]:
        """An engine's licence, and the words it knows."""
        spec, reason = self.engine(engine)
        return [html.engine_card(spec, reason), html.words_known(known_words(spec.family))]

    def defaults(self, engine: str) -> list[float]:
        """Where an engine's sliders stand."""
        spec, _ = self.engine(engine)
        return [getattr(spec.defaults, name) for name in SLIDERS]

    def sliders(self, engine: str) -> list[gr.Slider]:
        """The sliders of an engine."""
        spec, _ = self.engine(engine)
        made = []
        for name, value in zip(SLIDERS, self.defaults(engine), strict=True):
            setting = SETTINGS[name]
            step = 1 if setting.whole else 0.05
            made.append(
                gr.Slider(
                    setting.low,
                    setting.high,
                    value,
                    step=step,
                    label=setting.label,
                    info=ABOUT[name],
                    min_width=220,
                    elem_id=name,
                    visible=name != "lora_scale" or spec.adapter_lora is not None,
                )
            )
        return made


ABOUT = {
    "identity_strength": "How much the face is to be yours. 0: nobody's.",
    "structure": "How far pose and shape follow your best photo.",
    "guidance_scale": "How strictly look and words are followed.",
    "steps": "More draw finer and take longer.",
    "lora_scale": "Of the adapter's own LoRA. The method's is 1, whatever the identity strength.",
}


@cache
def known_words(family: str) -> Mapping[str, Sequence[str]]:
    """The words of a closed vocabulary, each with a few phrases that say the same; empty for free text."""
    if family != BUILTIN:
        return {}
    said: dict[str, dict[str, str]] = {word: {} for word in VOCABULARY}
    for phrase, meaning in phrases().meanings.items():
        for word in meaning.words:
            said[word].setdefault(phrase.partition(" ")[0], phrase)  # hundreds say the same; these differ
    return {word: list(different.values())[:SAID] for word, different in said.items()}


def _off(field: str, choice: str, family: str) -> bool:
    return CHOICES[field][choice].builtin is None and unobeyed(family, field, choice) is not None


def _marked(field: str, choice: str, family: str) -> str:
    label = CHOICES[field][choice].label
    if _off(field, choice, family):
        return f"{label} {NOT_HERE}"  # style.css greys such a choice out
    return label if unobeyed(family, field, choice) is None else f"{label} (roughly)"
