"""Phrases of everyday English that mean words of the vocabulary or choices of fields; the table is `phrases.toml`."""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.paths import read_table

PHRASES = Path(__file__).with_name("phrases.toml")
_TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_BREAK = re.compile(r"[,;.!?|/()\[\]\n]")  # a phrase does not reach across these


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """Meaning of a phrase: words of the vocabulary, choices of fields, and fields it only touches on."""

    words: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)  # the first is what the phrase is about
    without: Mapping[str, str] = field(default_factory=dict)  # what it sets where it is not wanted
    mentions: frozenset[str] = frozenset()
    inner: bool = False  # gives way to what is worn over it
    under: Mapping[str, str] = field(default_factory=dict)  # what it sets there
    holds: str = ""  # "always" or "never": true of every picture, or of none

    @property
    def says_something(self) -> bool:
        """False for a phrase that only mentions a field."""
        return bool(self.words or self.sets or self.holds)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of the person's text as typed, and what it means: None if nothing here knows it."""

    typed: str
    meaning: Meaning | None
    negated: bool = False
    is_part: bool = False
    """True for a known phrase beside unknown words that belong to it: "velvet blazer" says more than "blazer"."""


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """The phrase table, ready to look up: keys are lower-case words joined by single spaces."""

    meanings: Mapping[str, Meaning]
    negators: frozenset[str]
    skipped: frozenset[str]
    fillers: frozenset[str]
    places: frozenset[str]  # fillers that a place follows
    joints: frozenset[str]  # fillers that what follows is another matter after
    longest: int


@cache
def phrases() -> Phrases:
    """Read the phrase table; two meanings for one phrase are a mistake in it, so they raise ValueError."""
    table = read_table(PHRASES)
    skipped = frozenset(table["skipped"])
    slots = {name: _entries(slot, skipped) for name, slot in table["slots"].items()}
    spelt: dict[str, Meaning] = {}  # phrases written out
    combined: dict[str, Meaning] = {}  # made from slots; one written out elsewhere takes precedence
    for entry in table["phrase"]:
        meanings: dict[tuple[str, ...], Meaning] = {}
        for pattern in entry["said"]:
            parts = re.split(r"\{(\w+)\}", pattern)  # words and names of slots in turn
            known = combined if len(parts) > 1 else spelt
            for key, choices in expand(parts, slots, skipped):
                bound = (pattern, *choices)
                if bound not in meanings:
                    meanings[bound] = _meaning(entry, dict(zip(parts[1::2], choices, strict=True)))
                if (other := known.setdefault(key, meanings[bound])) is not meanings[bound] and other != meanings[
                    bound
                ]:
                    raise ValueError(f"phrases.toml gives two meanings to {key!r}")
    meanings_of = combined | spelt
    return Phrases(
        meanings=meanings_of,
        negators=frozenset(table["negators"]),
        skipped=skipped,
        fillers=frozenset(table["fillers"]),
        places=frozenset(table["places"]),
        joints=frozenset(table["joints"] + table["places"]),
        longest=max(len(key.split()) for key in meanings_of),
    )


def expand(
    parts: list[str], slots: Mapping[str, list[tuple[str, str]]], skipped: frozenset[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every phrase that a pattern stands for, and the choice in each of its slots: "{deep} {suit}" has two.

    Patterns are read some twenty thousand times, so their words are made plain before they are put together.
    """
    fixed = [_key(words, skipped) for words in parts[::2]]
    for entries in itertools.product(*(slots[name] for name in parts[1::2])):
        words = [fixed[0]]
        for (said, _), after in zip(entries, fixed[1:], strict=True):
            words += (said, after)
        yield " ".join(filter(None, words)), tuple(choice for _, choice in entries)


def _entries(slot: Any, skipped: frozenset[str]) -> list[tuple[str, str]]:
    """Entries of a slot, each with the choice that it says; "" where the slot is a list."""
    if isinstance(slot, list):
        return [(_key(said, skipped), "") for said in slot]
    return [(_key(said, skipped), choice) for choice, entries in slot.items() for said in entries]


def _key(phrase: str, skipped: frozenset[str]) -> str:
    """A phrase as it is looked up: lower-case words joined by single spaces."""
    tokens = (_bare(token) for token in _TOKEN.finditer(phrase))
    return " ".join(token for token in tokens if token not in skipped)


def _meaning(entry: Mapping[str, Any], bound: Mapping[str, str]) -> Meaning:
    def choices(key: str) -> dict[str, str]:
        return {name: choice.format(**bound) for name, choice in entry.get(key, {}).items()}

    return Meaning(
        words=tuple(entry.get("means", "").split()),
        sets=choices("sets"),
        without=choices("without"),
        mentions=frozenset(entry.get("mentions", "").split()),
        inner=entry.get("inner", False),
        under=choices("under"),
        holds=entry.get("holds", ""),
    )


def read(text: str, *, unwanted: bool = False) -> list[Piece]:
    """Cut a person's text into known and unknown pieces, longest phrase first; filler words are left out.

    In a list of what is unwanted "no smile" says the same as "smile".
    """
    if not text:
        return []  # the table takes .2 s to read, which whoever writes nothing need not wait for
    table = phrases()
    sentences = _sentences(text, table.skipped | (table.negators if unwanted else frozenset()))
    return [piece for tokens in sentences for piece in _read_sentence(text, tokens, table)]


def _read_sentence(text: str, tokens: list[re.Match[str]], table: Phrases) -> list[Piece]:
    pieces: list[Piece] = []
    unknown: list[re.Match[str]] = []
    mentioned: frozenset[str] = frozenset()
    place: frozenset[str] = frozenset()  # the backdrop, if a place is what unknown words look like
    between: list[str] = []  # fillers since the last word that is none
    i = 0
    while i < len(tokens):
        # A negation inside a phrase ("no smile") is part of it; any other turns the phrase after it around.
        for first in (i, _after_negation(tokens, i, table)):
            length, meaning = _longest(tokens, first, table)
            if meaning:
                break
        end = first + length if meaning else i + 1
        if meaning and meaning.says_something:
            is_part = bool(unknown) and not between
            pieces += _unknown(text, unknown, mentioned or (frozenset() if is_part else place))
            unknown, mentioned, place = [], frozenset(), frozenset()
            typed = _typed(text, tokens[i:end])
            pieces.append(Piece(typed=typed, meaning=meaning, negated=first > i, is_part=is_part))
        elif not meaning and _bare(tokens[i]) in table.fillers:
            between.append(_bare(tokens[i]))
            i += 1
            continue
        else:  # "purple background": one piece that is about the backdrop, though nothing here is purple
            if not unknown and pieces and table.joints.isdisjoint(between):
                pieces[-1] = replace(pieces[-1], is_part=True)
            if not table.places.isdisjoint(between[-1:]):
                place = frozenset({"backdrop"})
            unknown += tokens[i:end]
            mentioned |= meaning.mentions if meaning and first == i else frozenset()
        between = []
        i = end
    return pieces + _unknown(text, unknown, mentioned or place)


def _bare(token: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", token.group()).casefold().replace("'", "").replace("\u2019", "")


def _sentences(text: str, skipped: frozenset[str]) -> Iterator[list[re.Match[str]]]:
    """Yield the tokens between two marks of punctuation, without articles and the like."""
    run: list[re.Match[str]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if _BREAK.search(text, end, token.start()):
            yield run
            run = []
        if _bare(token) not in skipped:
            run.append(token)
        end = token.end()
    yield run


def _after_negation(tokens: list[re.Match[str]], i: int, table: Phrases) -> int:
    """The place after a negation and the fillers that follow it; i itself where there is none."""
    if _bare(tokens[i]) not in table.negators:
        return i
    i += 1
    while i < len(tokens) and not _longest(tokens, i, table)[1] and _bare(tokens[i]) in table.fillers:
        i += 1
    return i


def _longest(tokens: list[re.Match[str]], first: int, table: Phrases) -> tuple[int, Meaning | None]:
    bare = [_bare(token) for token in tokens[first : first + table.longest]]
    for length in range(len(bare), 0, -1):
        if meaning := table.meanings.get(" ".join(bare[:length])):
            return length, meaning
    return 0, None


def _unknown(text: str, tokens: list[re.Match[str]], mentioned: frozenset[str]) -> list[Piece]:
    meaning = Meaning(mentions=mentioned) if mentioned else None
    return [Piece(typed=_typed(text, tokens), meaning=meaning)] if tokens else []


def _typed(text: str, tokens: list[re.Match[str]]) -> str:
    return text[tokens[0].start() : tokens[-1].end()]
