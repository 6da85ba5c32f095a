"""Rules of `rules.toml`: what nobody gets a picture of, told before a run in a sentence that names the words."""

import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence
from pipelines.misuse.terms import Part, places, term
from pipelines.misuse.words import Word, chunks_in, pairs_in, words_in

FILE = Path(__file__).with_name("rules.toml")
SHOWN = 40
"""Most characters of somebody's words that a sentence repeats."""
JOINED_FROM = 5
"""Fewest letters of a term that is also found with a space in it: "an US flag" holds no shorter one."""
Term = tuple[Part, ...]


class NotMade(UserError):
    """A wish that no picture is made of."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of picture that is not made."""

    sentence: str
    forbidden: Sequence[Term]
    joined: Sequence[Term]
    """Those of `forbidden` that are one word, and long enough to be looked for with a space in it."""
    allowed: Sequence[Term]
    kept_out: Sequence[Term]
    anywhere: Sequence[str]

    def found_in(self, text: str) -> str | None:
        """Return what the rule forbids in what a picture should show, as it was typed; None if there is nothing."""
        words = words_in(text)
        free = [place for part in self.allowed for place in _spans(part, words)]
        found = [place for part in self.forbidden for place in _spans(part, words)]
        found += [place for part in self.forbidden for place in _spans(part, chunks_in(text))]
        found += [place for part in self.joined for place in _spans(part, pairs_in(words))]
        left = [(start, end) for start, end in found if not any(a <= start and end <= b for a, b in free)]
        if left:
            start, end = min(left)
            return text[start:end]
        folded = unicodedata.normalize("NFKC", text)
        return next((part for part in self.anywhere if part in folded), None)

    def kept_out_by(self, text: str) -> str | None:
        """Return what must not be kept out of a picture and is, as it was typed; None if there is nothing."""
        for piece in text.split(","):
            words = words_in(piece)
            if any(place == (0, len(words)) for part in self.kept_out for place in places(part, words)):
                return piece.strip()
        return None


def check_words(words: str, negative_words: str) -> None:
    """Refuse a wish that a rule forbids, before anything is drawn.

    Args:
        words: what the picture should show, free of control characters and invisible ones.
        negative_words: what it should not show.

    Raises:
        NotMade: with the rule's sentence, which repeats the words.
    """
    for rule in rules():
        if (found := rule.found_in(words) or rule.kept_out_by(negative_words)) is not None:
            raise NotMade(rule.sentence.format(words=found[:SHOWN]))


@cache
def rules() -> tuple[Rule, ...]:
    """Read all rules."""
    return tuple(_rule(**entries) for entries in tomllib.loads(FILE.read_text("utf-8")).values())


def _rule(sentence: str, anywhere: Sequence[str], **terms: Sequence[str]) -> Rule:
    read: dict[str, Any] = {name: tuple(term(written) for written in listed) for name, listed in terms.items()}
    joined = [written for written in terms["forbidden"] if " " not in written and len(written) >= JOINED_FROM]
    return Rule(sentence=Sentence(sentence), anywhere=tuple(anywhere), joined=tuple(map(term, joined)), **read)


def _spans(part: Term, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Places of a term in the text, in characters."""
    for start, end in places(part, words):
        if start < end:
            yield words[start].start, words[end - 1].end
