"""Words of a text for the rules: cut apart and put together as people do who hide them."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from decancer_py import CuredString, parse

_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
NUMBERS = {name: number for number, name in enumerate(_NAMES.split())}
TENS = {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
STOP = ","
"""Word that stands for a comma or a full stop between words; nothing fits it."""
SPELT_FROM = 3
"""Fewest letters in a row, each alone, that are taken for one word."""
_OUTER = "\"'`“”‘’«»()[]{}<>.,:;?¡¿…*~#=/\\-–—_"
_WORD = re.compile(r"[^\W_]+(?:[@$!|+€]+[^\W_]*)*|[@$!|+€]+[^\W_]+(?:[@$!|+€]+[^\W_]*)*|[,;.](?=\s|$)")
"""Letters, figures and the signs that are used for letters; or the end of a part of the sentence."""
_AGE = re.compile(r"(\d+)((?:yo|yrs?|years?|months?))", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,6})(?:st|nd|rd|th)?")


@dataclass(frozen=True)
class Word:
    """One word: as it was typed, and its place there."""

    typed: str
    start: int
    end: int

    @property
    def forms(self) -> tuple[CuredString, ...]:
        """Word as decancer reads it: `==` sees through case, accents, lookalikes, repeats and signs inside."""
        return _read(self.typed)[0]

    @property
    def number(self) -> int | None:
        """Its value, if it is a whole number."""
        return _read(self.typed)[1]


@lru_cache(4096)
def _read(typed: str) -> tuple[tuple[CuredString, ...], int | None]:
    cured = tuple(parse(text) for text in dict.fromkeys((typed, typed.rstrip("!|+"))) if text)
    plain = str(cured[0]) if cured else ""
    number = _NUMBER.fullmatch(plain)
    return cured, int(number[1]) if number else NUMBERS.get(plain)


def words_in(text: str) -> list[Word]:
    """Words of a text, cut at spaces and signs, with STOP for commas and full stops.

    Letters that stand alone in a row are one word ("n u d e"), "14yo" is two, and the "five" of "forty-five" is none.
    """
    return list(_without_units(_spelt(_apart(text))))


def chunks_in(text: str) -> list[Word]:
    """Words of a text cut at spaces only, without the signs around them, so that "nu-de" is one."""
    chunks = []
    for match in re.finditer(r"\S+", text):
        start = match.end() - len(match[0].lstrip(_OUTER))
        end = match.start() + len(match[0].rstrip(_OUTER))
        if start < end:
            chunks.append(Word(text[start:end], start, end))
    return chunks


def pairs_in(words: Sequence[Word]) -> list[Word]:
    """Two neighbours each as one word, so that "top less" is found."""
    pairs = itertools.pairwise(words)
    return [Word(a.typed + b.typed, a.start, b.end) for a, b in pairs if STOP not in (a.typed, b.typed)]


def _apart(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(text):
        start, end = match.span()
        if match[0] in ",;.":
            yield Word(STOP, start, end)
        elif age := _AGE.fullmatch(match[0]):
            yield Word(age[1], start, start + age.end(1))
            yield Word(age[2], start + age.start(2), end)
        else:
            yield Word(match[0], start, end)


def _spelt(words: Iterator[Word]) -> Iterator[Word]:
    run: list[Word] = []
    for word in [*words, None]:
        if word is not None and len(word.typed) == 1 and (run or word.typed != STOP):
            run.append(word)
            continue
        letters = [letter for letter in run if letter.typed != STOP]
        if len(letters) >= SPELT_FROM:
            yield Word("".join(letter.typed for letter in letters), letters[0].start, letters[-1].end)
        else:
            yield from run
        run = []
        if word is not None:
            yield word


def _without_units(words: Iterator[Word]) -> Iterator[Word]:
    before = None
    for word in words:
        if not (before in TENS and word.number is not None and word.number < 10):
            yield word
        before = word.typed.lower()
