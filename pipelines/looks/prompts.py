"""Prompts: a look and the person's words become the words for an engine; nothing is dropped without being named.

The person's words win over the fields, the fields over the look's own words. What a phrase of the person sets (a
backdrop, say) must reach the finishing too: `apply_words` gives the look with those fields.
"""

import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from pipelines.errors import UserError
from pipelines.looks.fields import BUILTIN, CHOICES, DIFFUSION, FAMILIES, field_of
from pipelines.looks.phrases import Piece, read
from pipelines.looks.preset import Look, with_fields
from pipelines.looks.vocabulary import GROUP_OF, MAX_PROMPT_WORDS, VOCABULARY
from pipelines.settings import MAX_CHARACTERS

OPENER = "RAW headshot photo of one person"
QUALITY = "natural skin texture, visible pores, true skin tone"
FAULTS = (
    "plastic skin, airbrushed, lightened skin, oily skin, oversaturated, deformed face, crossed eyes, bad teeth, "
    "extra people, hands, painting, 3d render, text, watermark, low quality, blurry face"
)
_NEGATION = re.compile(r"\b(?:with no|without|no|not|never|avoid|don['\u2019]?t)\s+(.+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """Words for an engine, and what became of the person's own."""

    positive: str
    negative: str
    understood: tuple[str, ...]  # pieces of both boxes, as typed
    ignored: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """The person's two boxes in the terms of the vocabulary and the fields."""

    positive: frozenset[str]  # words, at most one of each group
    negative: frozenset[str]
    sets: Mapping[str, str]  # field -> choice
    refused: Mapping[str, str]  # field -> choice that the negative words name
    described: frozenset[str]  # fields the words are about without naming a choice
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def compose(look: Look, *, words: str = "", negative_words: str = "", family: str) -> Prompt:
    """Put together the prompt for a family of engines; raise UserError if the words cannot be used as text."""
    words, negative_words = clean_words(words), clean_words(negative_words)
    heard = _hear(words, negative_words)
    look = with_fields(look, **heard.sets)
    if _known(family) == BUILTIN:
        return _builtin(look, heard)
    return _diffusion(look, heard, words, negative_words)


def apply_words(look: Look, words: str) -> Look:
    """Set the look's fields that the person's words name: "grey background" is a backdrop, whatever the engine."""
    return with_fields(look, **_hear(clean_words(words), "").sets)


def clean_words(text: str) -> str:
    """Refuse what is no text; return the rest with lines joined by commas and spaces made single."""
    if not isinstance(text, str):
        raise UserError("The words must be text. Send them as one string.")
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"The words are {len(text)} characters long; at most {MAX_CHARACTERS} are read. Shorten them.")
    lines = [" ".join(line.split()) for line in re.split(r"[\r\n\u2028\u2029]+", text)]
    text = ", ".join(line.strip(" ,") for line in lines if line.strip(" ,")) if len(lines) > 1 else lines[0]
    kinds = {unicodedata.category(character) for character in text}
    if kinds & {"Cc", "Cs"}:
        raise UserError("The words hold a control character that cannot be read as text. Type them in again.")
    # Invisible marks (zero-width spaces, reversed text) come along when one pastes; they say nothing.
    return "".join(c for c in text if unicodedata.category(c) != "Cf") if "Cf" in kinds else text


def _known(family: str) -> str:
    if family not in FAMILIES:
        raise ValueError(f"no engine family {family!r}")
    return family


def _hear(words: str, negative_words: str) -> _Heard:
    said, unwanted = read(words), read(negative_words, unwanted=True)
    positive: dict[str, str] = {}  # group -> word; of two that exclude each other, the last said wins
    negative: set[str] = set()
    sets: dict[str, str] = {}
    refused: dict[str, str] = {}
    mentioned: set[str] = set()
    for piece in sorted(said, key=lambda piece: not (piece.meaning and piece.meaning.inner)):
        if piece.meaning and not piece.negated:
            # A newly named choice replaces what was said about its field before.
            replaced = {field for field, choice in piece.meaning.sets.items() if sets.get(field) != choice}
            positive = {group: word for group, word in positive.items() if field_of(word) not in replaced}
            positive |= {GROUP_OF[word]: word for word in piece.meaning.words}
            sets |= piece.meaning.sets
            mentioned |= piece.meaning.mentions
        elif piece.meaning:
            negative.update(piece.meaning.words)
    for piece in unwanted:
        if piece.meaning:
            negative.update(piece.meaning.words)
            refused |= piece.meaning.sets
    heard = _Heard(
        positive=frozenset(positive.values()),
        negative=frozenset(_ordered(negative - set(positive.values()))),  # wanted and unwanted at once: wanted
        sets=sets,
        refused={field: choice for field, choice in refused.items() if sets.get(field) != choice},
        described=frozenset(mentioned - sets.keys()),
    )
    fates = [(piece.typed, _counts(piece, heard, unwanted=piece.negated)) for piece in said]
    fates += [(piece.typed, _counts(piece, heard, unwanted=True)) for piece in unwanted]
    return replace(
        heard,
        understood=tuple(typed for typed, counts in fates if counts),
        ignored=tuple(typed for typed, counts in fates if not counts),
    )


def _counts(piece: Piece, heard: _Heard, *, unwanted: bool) -> bool:
    """True if anything of the piece reaches the built-in model or finishing."""
    if piece.meaning is None:
        return False
    if unwanted:
        return not heard.negative.isdisjoint(piece.meaning.words)
    if not heard.positive.isdisjoint(piece.meaning.words):
        return True
    return any(
        heard.sets[field] == choice and CHOICES[field][choice].builtin is not None
        for field, choice in piece.meaning.sets.items()
    )


def _builtin(look: Look, heard: _Heard) -> Prompt:
    wanted = {GROUP_OF[word]: word for word in look.prompt[BUILTIN].split()}
    for field, choice in look.fields.items():
        wanted |= {GROUP_OF[word]: word for word in CHOICES[field][choice].builtin or ()}
    wanted |= {GROUP_OF[word]: word for word in heard.positive}
    positive = set(wanted.values()) - heard.negative
    refused = {GROUP_OF[word] for word in heard.negative}
    own = {word for word in look.negative[BUILTIN].split() if GROUP_OF[word] not in refused}
    return Prompt(
        positive=" ".join(_ordered(positive)),
        negative=" ".join(_ordered((own - positive) | heard.negative)),
        understood=heard.understood,
        ignored=heard.ignored,
    )


def _ordered(words: Set[str]) -> list[str]:
    return [word for word in VOCABULARY if word in words][:MAX_PROMPT_WORDS]


def _diffusion(look: Look, heard: _Heard, words: str, negative_words: str) -> Prompt:
    """Free text: what comes first is not cut off when the text encoder's 77 tokens are full."""
    pieces, unwanted = _split(words), _split(negative_words)
    wanted, negated = [], []
    for piece in pieces:
        # The text encoder reads "no glasses" as glasses; it has to be told among the negative words.
        negation = _NEGATION.search(piece)
        wanted.append(piece[: negation.start()].strip() if negation else piece)
        negated.append(negation[1] if negation else "")
    for piece in unwanted:
        negation = _NEGATION.match(piece)
        negated.append(negation[1] if negation else piece)
    phrases = {
        field: CHOICES[field][choice].diffusion
        for field, choice in look.fields.items()
        if field not in heard.described and heard.refused.get(field) != choice
    }
    first = [phrases.pop(field, "") for field in ("crop", "expression")]
    return Prompt(
        positive=_joined([OPENER, *wanted, *first, *phrases.values(), look.prompt[DIFFUSION], QUALITY]),
        negative=_joined([*negated, look.negative[DIFFUSION], FAULTS]),
        understood=tuple(pieces + unwanted),
        ignored=(),
    )


def _split(text: str) -> list[str]:
    return [piece for part in re.split(r"[,;]|\.\s", text) if (piece := part.strip(" ."))]


def _joined(parts: list[str]) -> str:
    return ", ".join(part for part in parts if part)
