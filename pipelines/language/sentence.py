"""Sentence: a text for people that remembers its template, so that it can be said in another language later.

In code a sentence is an English `str`. Errors, warnings and labels carry it to the edge, where it is spoken.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from string import Formatter
from typing import Any, Self

CONVERSIONS = {
    "l": lambda text: f"{text[:1].lower()}{text[1:]}",
    "u": lambda text: f"{text[:1].upper()}{text[1:]}",
}
"""Conversions of a field, as in "{stage!l}": its first letter small or large. German needs fewer small ones."""


class Filler(Formatter):
    """Fills the fields of a template, in English."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        """Convert a value as `str.format` does, or by CONVERSIONS."""
        return (
            CONVERSIONS[conversion](str(value))
            if conversion in CONVERSIONS
            else super().convert_field(value, conversion)
        )


ENGLISH = Filler()


class Sentence(str):
    """English text of a template whose fields are filled in; `context` tells translators apart what English does not.

    `str(error)` of an error that was raised with a sentence is that sentence. f-strings and joins give a plain `str`,
    which stays English: use `format` and `joined`.
    """

    template: str
    context: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, context: str = "") -> Self:
        """Make one of a template; one of a sentence is the same sentence."""
        made = super().__new__(cls, template)
        source = template if isinstance(template, Sentence) else None
        made.template = source.template if source is not None else template
        made.context = source.context if source is not None and not context else context
        made.values = source.values if source is not None else {}
        return made

    def format(self, *_: object, **values: Any) -> "Sentence":
        """Fill in the fields, which have names; a value may be a sentence, or an error whose message is one."""
        values = {**self.values, **values}
        filled = str.__new__(Sentence, ENGLISH.vformat(self.template, (), values))
        filled.template, filled.context, filled.values = self.template, self.context, values
        return filled

    def __str__(self) -> str:
        """Return the sentence itself, where `str` would give a text that has forgotten its template."""
        return self


def joined(separator: str, parts: Iterable[str]) -> Sentence:
    """Join sentences to one that is translated part by part."""
    values = {f"part_{number}": part for number, part in enumerate(parts)}
    return Sentence(separator.join(f"{{{name}}}" for name in values)).format(**values)


def as_sentences(texts: MutableMapping[str, Any]) -> None:
    """Make the constants of a module that holds texts, its `globals()`, sentences; those in its tables, too."""
    texts.update({name: _sentences(value) for name, value in texts.items() if name.isupper()})


def _sentences(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sentences(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_sentences, value))
    return Sentence(value) if isinstance(value, str) else value


def make_sentences(row: object, *names: str, context: str = "") -> None:
    """Make these texts of a frozen row of a table sentences, in its `__post_init__`; None stays None."""
    for name in names:
        if (text := getattr(row, name)) is not None:
            object.__setattr__(row, name, Sentence(text, context))
