"""English that is left in a translated text: whole sentences of the catalogue, and fixed parts of longer ones."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from string import Formatter
from typing import Any

from pipelines.language.catalogue import translations

LONG = 12
"""Characters from which a fixed part of a sentence is looked for inside others; shorter ones must be the whole text."""
READ = ("label", "value", "info", "placeholder", "title")
READ_OUT = ("aria-label", "alt", "title", "placeholder")


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            value for name, value in attrs if name in ("aria-label", "alt", "title", "placeholder") and value
        ]


def texts_of(html: str) -> list[str]:
    """Texts that people read or hear in a piece of HTML."""
    parser = _Texts()
    parser.feed(html)
    return [text for text in parser.found if text]


def texts_in(value: Any, name: str) -> Iterator[str]:
    """Texts that people read in the properties of Gradio's components: labels, hints, choices and HTML."""
    if isinstance(value, str) and name in READ:
        yield from texts_of(value) if "<" in value else [value]
    elif isinstance(value, list | tuple) and name == "choices":
        yield from (choice[0] for choice in value)


def english_in(texts: Iterable[str], language: str) -> list[str]:
    """Texts that hold English of a sentence which is said otherwise in this language."""
    translated = translations(language)
    pairs = [(template, other) for (_, template), other in translated.items() if template != other]
    whole = {template for template, _ in pairs} - set(translated.values())
    parts = {part for template, other in pairs for part in _long_parts(template) if part not in other}
    return [text for text in texts if text in whole or any(part in text for part in parts)]


def _long_parts(template: str) -> list[str]:
    parts = [literal.strip() for literal, *_ in Formatter().parse(template)]
    return [part for part in parts if len(part) >= LONG and re.search(r"\w \w", part)]
