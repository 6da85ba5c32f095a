"""Languages: the engines speak English, and whoever writes another one is told so by its name."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipelines.language.sentence import Sentence

FEWEST, SHARE = 2, 0.5
"""Words of a language in a text, and their share of it, from which the text counts as that language's."""


def foreign_language(text: str) -> Sentence | None:
    """Name of the language that a text is most likely written in; None for English and whatever is not known."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {name: sum(word in known for word in words) for name, known in languages().items()}
    best = max(counts, key=lambda name: counts[name])
    enough = counts[best] >= FEWEST or (counts[best] == len(words) == 1 and len(words[0]) > 3)
    return best if enough and counts[best] >= SHARE * len(words) else None


@cache
def languages() -> Mapping[Sentence, frozenset[str]]:
    """Words by which each language is recognised, by its name."""
    table = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))
    return {Sentence(name): frozenset(entry["words"].split()) for name, entry in table.items()}
