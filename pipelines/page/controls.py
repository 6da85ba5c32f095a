"""Choices that the page offers for an engine and a look, and what it says about them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import Any

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.errors import UserError
from pipelines.language.sentence import joined
from pipelines.looks.fields import BUILTIN, CHOICES, FIELDS, field_label, field_of, unobeyed
from pipelines.looks.languages import foreign_language
from pipelines.looks.phrases import phrases
from pipelines.looks.preset import Look, in_each_cut, load_looks, own_choices, with_fields
from pipelines.looks.prompts import apply_words, compose
from pipelines.looks.vocabulary import VOCABULARY
from pipelines.page import markup, texts
from pipelines.request import Request
from pipelines.run_plan import clothes_left_out, guidance_note
from pipelines.settings import AUTO, MAX_PHOTOS, SETTINGS, Settings
from pipelines.studio import Studio
from pipelines.wardrobe.outfit import left_out
from pipelines.weights.dry_run import missing_size
from pipelines.weights.verify import fetch_command

AS_THE_LOOK = "as-the-look"
"""Value of a field's control that leaves the field to the look."""
SLIDERS = tuple(setting.name for setting in fields(Settings))
"""Names of the sliders. The first is above the others, which are behind "Advanced"."""
ANY = "any"
"""Choice of a field that leaves it to the seed."""
FACES = tuple(f"face_{k}" for k in range(1, MAX_PHOTOS + 1))
"""Names of the controls for the face in each photo."""
PHRASES_SHOWN = 8
"""Phrases shown for each word and each field that the built-in engine knows."""


class Controls:
    """The choices on the page."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.all_looks = load_looks()

    @property
    def first_look(self) -> str:
        """The look that is chosen when the page opens: a request's default, if there is such a look."""
        return Request.look if Request.look in self.all_looks else next(iter(self.all_looks))

    def engine(self, choice: str) -> tuple[EngineSpec, str]:
        """The engine that a choice stands for, and why."""
        if choice == AUTO or choice not in ENGINES:
            return self.studio.spec, self.studio.reason
        return ENGINES[choice], texts.YOU_CHOSE_IT

    def engines(self) -> list[tuple[str, str]]:
        """Titles and ids of the engines, the automatic choice first."""
        automatic = texts.AUTOMATIC.format(engine=self.studio.spec.title)
        return [(automatic, AUTO), *((_engine_title(spec), spec.id) for spec in ENGINES.values())]

    def looks(self) -> list[tuple[str, str]]:
        """Titles and ids of the looks."""
        return [(look.title, look.id) for look in self.all_looks.values()]

    def look(self, look_id: str, chosen: Mapping[str, str]) -> Look:
        """A look with the fields that the person chose."""
        return with_fields(self.all_looks[look_id], **chosen_fields(chosen))

    def field_choices(self, field: str, look_id: str, engine: str) -> list[tuple[str, str]]:
        """Labels and ids of a field's choices, marked where the engine cannot follow one."""
        family = self.engine(engine)[0].family
        look = self.all_looks[look_id]
        own = own_choices(look, field) if family == BUILTIN else (look.fields[field],)
        first = texts.CHOICE_OF_LOOK.format(choice=joined(markup.OR, (CHOICES[field][one].label for one in own)))
        others = [choice for choice in FIELDS[field] if choice != ANY or look.fields[field] != ANY]
        return [(first, AS_THE_LOOK), *((_marked(field, choice, family), choice) for choice in others)]

    def description(self, look_id: str) -> str:
        """The description of a look, as HTML."""
        return markup.muted(self.all_looks[look_id].description)

    def limits(self, look_id: str, engine: str, words: str, chosen: Mapping[str, str]) -> str:
        """Sentences about what the engine cannot follow of look, fields and words, as HTML, known before the run."""
        family = self.engine(engine)[0].family
        own, look = self.all_looks[look_id], self.look(look_id, chosen)
        with suppress(UserError):  # said under the words
            look = apply_words(look, words, family)
        # Of the look's own it is not worth a sentence that stands there whatever the person does.
        said = [unobeyed(family, name, choice) for name, choice in look.fields.items() if choice != own.fields[name]]
        if family == BUILTIN:
            said += [sentence for dressed in in_each_cut(look) for sentence in left_out(dressed.fields)]
        else:
            with suppress(UserError):
                said += clothes_left_out(look, words, family)
        return markup.notes(dict.fromkeys(filter(None, said)))

    def heard_words(self, look_id: str, engine: str, words: str, negative_words: str, guidance: float) -> str:
        """The words that the engine understands and those that it ignores, as HTML; or why they are refused.

        Words that set a field say so, as the field's own control stays as it is; so does another language's name.
        """
        family, look = self.engine(engine)[0].family, self.all_looks[look_id]
        try:
            prompt = compose(look, words=words, negative_words=negative_words, family=family)
            obeyed = apply_words(look, words, family)
        except UserError as error:
            return markup.alert(str(error))
        sets = [
            texts.SET_BY_WORDS.format(field=field_label(name), choice=CHOICES[name][choice].label)
            for name, choice in obeyed.fields.items()
            if name in obeyed.chosen
        ]
        language = foreign_language(f"{words} {negative_words}")
        note = guidance_note(family, guidance, negative_words, prompt)
        return markup.heard_words(prompt.understood, prompt.ignored, sets, language, note)

    def licence(self, engine: str) -> str:
        """An engine and its licence, as HTML, and how it comes here where it is not here yet."""
        spec, reason = self.engine(engine)
        return markup.engine_card(spec, reason, missing_size(spec), fetch_command(spec))

    def known_words(self, engine: str) -> str:
        """The words an engine knows, as HTML."""
        return markup.known_words(known_words(self.engine(engine)[0].family))

    def defaults(self, engine: str) -> dict[str, float]:
        """Numbers that an engine's sliders begin with, by the setting's name."""
        defaults = self.engine(engine)[0].defaults
        return {name: getattr(defaults, name) for name in SLIDERS}

    def slider_states(self, engine: str) -> dict[str, dict[str, Any]]:
        """Texts and states of the sliders under an engine, by the setting's name."""
        spec = self.engine(engine)[0]
        ranges = {name: spec.offered(name) for name in SLIDERS}
        return {
            name: {
                "minimum": ranges[name][0],
                "maximum": ranges[name][1],
                "interactive": name not in spec.unused_settings,
                "info": spec.unused_settings.get(name, SETTINGS[name].about),
                "visible": spec.knows(SETTINGS[name]),
            }
            for name in SLIDERS
        }


def chosen_fields(chosen: Mapping[str, str]) -> dict[str, str | None]:
    """The choice of each field, by the field's name; None where it is left to the look."""
    return {name: None if chosen[name] == AS_THE_LOOK else chosen[name] for name in FIELDS}


@cache
def known_words(family: str) -> Mapping[str, Sequence[str]]:
    """The words for the head and the fields that words can set, each with a few phrases; empty for free text."""
    if family != BUILTIN:
        return {}
    words: dict[str, dict[str, str]] = {word: {} for word in VOCABULARY if field_of(word) is None}
    chosen: dict[str, dict[str, str]] = {field: {} for field in FIELDS}
    for phrase, meaning in phrases().meanings.items():  # thousands of them; those that are shown differ
        for word in words.keys() & meaning.words:
            words[word].setdefault(phrase.partition(" ")[0], phrase)
        for field, choice in (*meaning.sets.items(), *meaning.under.items()):
            chosen[field].setdefault(choice, phrase)
    said = words | {
        texts.KNOWN_FIELD.format(field=field_label(field)): different for field, different in chosen.items()
    }
    return {word: list(different.values())[:PHRASES_SHOWN] for word, different in said.items()}


def _engine_title(spec: EngineSpec) -> str:
    size = missing_size(spec)
    return texts.ENGINE_TO_FETCH.format(engine=spec.title, size=size) if size else spec.title


def _marked(field: str, choice: str, family: str) -> str:
    label = CHOICES[field][choice].label
    return label if unobeyed(family, field, choice) is None else texts.ROUGH_CHOICE.format(choice=label)
