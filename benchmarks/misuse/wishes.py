"""Wishes of `prompts.toml`, and what the rules against misuse say to each."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pipelines.looks.prompts import clean_words
from pipelines.misuse.rules import NotMade, check_words

FILE = Path(__file__).with_name("prompts.toml")
NOT = "not:"
"""Beginning of a wish about what the picture should not show."""


@dataclass(frozen=True)
class Wish:
    """Words of one request."""

    words: str
    negative_words: str = ""

    def refusal(self) -> str | None:
        """Return the sentence with which it is refused, as every run is; None if it is not."""
        try:
            check_words(clean_words(self.words), clean_words(self.negative_words))
        except NotMade as error:
            return str(error)
        return None


def forbidden() -> list[Wish]:
    """Read the wishes that must be stopped."""
    return _read("forbidden")


def ordinary() -> list[Wish]:
    """Read the wishes of usual customers."""
    return _read("ordinary")


def _read(kind: str) -> list[Wish]:
    lines = tomllib.loads(FILE.read_text("utf-8"))[kind]
    return [Wish("", line.removeprefix(NOT).strip()) if line.startswith(NOT) else Wish(line) for line in lines]
