"""Catalogues: one gettext file a language beside this module, made complete by `python -m tools.translations`."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.language.sentence import ENGLISH, Filler, Sentence

FOLDER = Path(__file__).resolve().parent
SOURCE = "en"
LANGUAGES: Mapping[str, str] = {SOURCE: "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
"""Names of the languages that are spoken, by their codes (ISO 639-1)."""
Key = tuple[str, str]
"""Context and English template of a sentence."""


def spoken_in(language: str, text: Any) -> Any:
    """Say a sentence in a language; one that is not in its catalogue, and what is no sentence, stays as it is.

    An error is said by its message.
    """
    if isinstance(text, BaseException):
        text = str(text)
    if not isinstance(text, Sentence):
        return text
    template = translations(language).get((text.context, text.template), text.template)
    return _filler(language).vformat(template, (), text.values) if text.values else template


@cache
def translations(language: str) -> Mapping[Key, str]:
    """Read a catalogue, for English an empty one: translated templates by key."""
    if language == SOURCE:
        return {}
    from babel.messages.pofile import read_po  # takes a moment, and the command line speaks English

    with (FOLDER / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id and message.string]
    return {(message.context or "", str(message.id)): str(message.string) for message in messages}


class _Localised(Filler):
    """Fills the fields of a template with sentences and numbers as a language has them."""

    def __init__(self, language: str) -> None:
        from babel.numbers import get_decimal_symbol

        self.language, self.point = language, get_decimal_symbol(language)

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return spoken_in(self.language, super().get_value(key, args, kwargs))

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format a value; numbers get the language's decimal point, and a space before the sign for percent."""
        text = str(super().format_field(value, format_spec))
        return text.replace(".", self.point).replace("%", "\u00a0%") if isinstance(value, float) else text


@cache
def _filler(language: str) -> Filler:
    return ENGLISH if language == SOURCE else _Localised(language)
