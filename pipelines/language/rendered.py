"""Rendered text: one made of sentences, such as a piece of HTML, which can be made again in another language."""

from collections.abc import Callable
from typing import Any, Self

from pipelines.language.sentence import Sentence
from pipelines.language.speaking import language, speaking, spoken


class Rendered(str):
    """Text in the language that was spoken when it was made. It keeps what it is made of."""

    def __new__(cls, make: Callable[[], str]) -> Self:
        """Make it; `make` speaks its sentences by `spoken`."""
        made = super().__new__(cls, make())
        made._make, made._language = make, language()
        return made

    _make: Callable[[], str]
    _language: str

    def __str__(self) -> str:
        """Return the text itself, where `str` would give one that cannot be made again."""
        return self

    def again(self, code: str) -> str:
        """Make the text in a language."""
        if code == self._language:
            return str.__str__(self)
        with speaking(code):
            return self._make()


def spoken_everywhere(value: Any) -> Any:
    """Say every sentence and rendered text in lists, tuples and the values of dictionaries, in what is spoken now."""
    if isinstance(value, Rendered):
        return value.again(language())
    if isinstance(value, Sentence):
        return str.__str__(spoken(value))
    if isinstance(value, list | tuple):
        return type(value)(map(spoken_everywhere, value))
    if isinstance(value, dict):
        return {key: spoken_everywhere(part) for key, part in value.items()}
    return value
