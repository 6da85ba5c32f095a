"""Prompts: a look and the person's words become the words for an engine; nothing is dropped without being named.

The person's words win over the fields, the fields over the look's own words. What a phrase of the person sets (a
backdrop, say) must reach the finishing too: `apply_words` gives the look with those fields.
"""

import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence
from pipelines.looks.clothes import IN_CLOTHES_PHRASE, clothes_phrase
from pipelines.looks.fields import BUILTIN, CHOICES, DIFFUSION, EDIT, FAMILIES, field_of
from pipelines.looks.phrases import Meaning, Piece, read
from pipelines.looks.preset import Look, with_fields
from pipelines.looks.shoot import Smile, with_smile
from pipelines.looks.vocabulary import GROUP_OF, MAX_PROMPT_WORDS, VOCABULARY
from pipelines.settings import MAX_CHARACTERS

NO_TEXT = Sentence("The words must be text. Send them as one string.")
TOO_LONG = Sentence("The words are {length} characters long; at most {most} are read. Shorten them.")
CONTROL_CHARACTER = Sentence("The words hold a control character that cannot be read as text. Type them in again.")
OPENER = "RAW headshot photo of one person"
EDIT_OPENER = "Turn this photo into a studio headshot of the same person"
EDIT_OPENER_SEVERAL = "Turn these photos of one person into one studio headshot of the same person"
KEPT = "Keep the face exactly as it is: the same features, age and skin tone, with natural skin texture"
QUALITY = "natural skin texture, visible pores, true skin tone"
FAULTS = (
    "plastic skin, airbrushed, lightened skin, oily skin, oversaturated, deformed face, crossed eyes, bad teeth, "
    "extra people, hands, painting, 3d render, text, watermark, low quality, blurry face"
)
DRAWN = ("backdrop", "wardrobe")
"""Fields that finishing draws for the built-in engine."""
_NEGATION = re.compile(r"\b(?:with no|without|no|not|never|avoid|don['\u2019]?t)\s+(.+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """Words for an engine, and what became of the person's own."""

    positive: str
    negative: str
    understood: tuple[str, ...]  # pieces of both boxes, as typed
    ignored: tuple[str, ...]
    unwanted: tuple[str, ...] = ()  # what either box does not want, which only `negative` says


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """The person's two boxes in the terms of the vocabulary and the fields."""

    positive: frozenset[str]  # words, at most one of each group
    negative: frozenset[str]
    sets: Mapping[str, str]  # field -> choice
    refused: Mapping[str, str]  # field -> choice that the negative words name
    described: frozenset[str]  # fields the words are about without naming a choice, or say more of than the choice does
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def compose(
    look: Look,
    *,
    words: str = "",
    negative_words: str = "",
    family: str,
    cutout: tuple[str, ...] = (),
    smile: Smile = "",
    smiling: bool = False,
    photos: int = 1,
) -> Prompt:
    """Put together the prompt for a family of engines; raise UserError if the words cannot be used as text.

    Args:
        look: fields and words of the look.
        words: what the person wants; it wins over the fields.
        negative_words: what the person does not want.
        family: "builtin", "diffusion" or "edit".
        cutout: words of the vocabulary for the backdrop and clothes that cutting out needs. Finishing draws those of
            the look, so the built-in model is told no others.
        smile: its breadth in this picture, where the expression leaves it open.
        smiling: the person smiles in the photo.
        photos: how many photos an edit model sees.
    """
    words, negative_words = clean_words(words), clean_words(negative_words)
    heard = _hear(words, negative_words, family)
    look = with_smile(with_fields(look, **heard.sets), smile)
    if _known(family) == BUILTIN:
        return _builtin(look, heard, cutout, smiling=smiling)
    if family == EDIT:
        return _edit(look, heard, words, negative_words, photos)
    return _diffusion(look, heard, words, negative_words)


def apply_words(look: Look, words: str, family: str = BUILTIN) -> Look:
    """Set the look's fields that the person's words name: "grey background" is a backdrop, whatever the engine.

    "Palm trees" are the built-in engine's outdoor backdrop; engines of another family are told them as they are typed.
    """
    return with_fields(look, **_hear(clean_words(words), "", family).sets)


def described_fields(words: str, family: str) -> frozenset[str]:
    """Fields that the person's words are about without naming a choice, or say more of than the choice does."""
    return _hear(clean_words(words), "", family).described


def clean_words(text: str) -> str:
    """Refuse what is no text; return the rest with lines joined by commas and spaces made single."""
    if not isinstance(text, str):
        raise UserError(NO_TEXT)
    if len(text) > MAX_CHARACTERS:
        raise UserError(TOO_LONG.format(length=len(text), most=MAX_CHARACTERS))
    lines = [" ".join(line.split()) for line in re.split(r"[\r\n\u2028\u2029]+", text)]
    text = ", ".join(line.strip(" ,") for line in lines if line.strip(" ,")) if len(lines) > 1 else lines[0]
    kinds = {unicodedata.category(character) for character in text}
    if kinds & {"Cc", "Cs"}:
        raise UserError(CONTROL_CHARACTER)
    # Invisible marks (zero-width spaces, reversed text) come along when one pastes; they say nothing.
    return "".join(c for c in text if unicodedata.category(c) != "Cf") if "Cf" in kinds else text


def _known(family: str) -> str:
    if family not in (*FAMILIES, EDIT):
        raise ValueError(f"no engine family {family!r}")
    return family


def _hear(words: str, negative_words: str, family: str) -> _Heard:
    said, unwanted = _worn(read(words)), read(negative_words, unwanted=True)
    positive: dict[str, str] = {}  # group -> word; of two that exclude each other, the last said wins
    negative: set[str] = set()
    sets: dict[str, str] = {}
    without: dict[str, str] = {}
    refused: dict[str, str] = {}
    mentioned: set[str] = set()
    in_part: set[str] = set()  # fields whose phrase stood beside words that say more
    for piece in sorted(said, key=lambda piece: not (piece.meaning and piece.meaning.inner)):
        if piece.meaning and not piece.negated:
            # A newly named choice replaces what was said about its field before, another garment its colour.
            replaced = {field for field, choice in piece.meaning.sets.items() if sets.get(field) != choice}
            positive = {group: word for group, word in positive.items() if field_of(word) not in replaced}
            positive |= {GROUP_OF[word]: word for word in piece.meaning.words}
            if {"wardrobe"} <= piece.meaning.sets.keys() & sets.keys():
                sets.pop("colour", None)
            sets |= piece.meaning.sets
            in_part = in_part | piece.meaning.sets.keys() if piece.is_part else in_part - piece.meaning.sets.keys()
            mentioned |= piece.meaning.mentions
        elif piece.meaning:
            negative.update(piece.meaning.words)
            without |= piece.meaning.without
    for piece in unwanted:
        if piece.meaning:
            negative.update(piece.meaning.words)
            without |= piece.meaning.without
            refused |= piece.meaning.sets
    sets = without | sets  # wanted and unwanted at once: wanted
    if family != BUILTIN and "backdrop" in in_part:
        sets.pop("backdrop", None)  # or finishing would paint a park behind palm trees
    heard = _Heard(
        positive=frozenset(positive.values()),
        negative=frozenset(_ordered(negative - set(positive.values()))),
        sets=sets,
        refused={field: choice for field, choice in refused.items() if sets.get(field) != choice},
        described=frozenset(mentioned - sets.keys() | in_part),
    )
    fates = [(piece.typed, _counts(piece, heard, unwanted=piece.negated)) for piece in said]
    fates += [(piece.typed, _counts(piece, heard, unwanted=True)) for piece in unwanted]
    return replace(
        heard,
        understood=tuple(typed for typed, counts in fates if counts),
        ignored=tuple(typed for typed, counts in fates if not counts),
    )


def _worn(pieces: list[Piece]) -> list[Piece]:
    """Pieces as they are where something is worn over an inner one: it is a shirt below it, or cannot be seen."""
    outer = any(
        "wardrobe" in piece.meaning.sets and not piece.meaning.inner and not piece.negated
        for piece in pieces
        if piece.meaning
    )
    if not outer:
        return pieces
    return [_below(piece) if piece.meaning and piece.meaning.inner and not piece.negated else piece for piece in pieces]


def _below(piece: Piece) -> Piece:
    under = piece.meaning.under if piece.meaning else {}
    return replace(piece, meaning=Meaning(sets=under) if under else None)


def _counts(piece: Piece, heard: _Heard, *, unwanted: bool) -> bool:
    """True if what the piece is about reaches the built-in model or finishing."""
    meaning = piece.meaning
    if meaning is None:
        return False
    sent = {word for word in meaning.words if field_of(word) not in DRAWN}
    if unwanted:
        set_aside = any(heard.sets.get(field) == choice for field, choice in meaning.without.items())
        return meaning.holds == "never" or set_aside or not heard.negative.isdisjoint(sent)
    if meaning.holds == "always" or not heard.positive.isdisjoint(sent):
        return True
    return any(heard.sets.get(field) == choice for field, choice in list(meaning.sets.items())[:1])


def _builtin(look: Look, heard: _Heard, cutout: tuple[str, ...], *, smiling: bool) -> Prompt:
    """Words for pose, expression and light, and those for cutting out."""
    wanted = {GROUP_OF[word]: word for word in look.prompt[BUILTIN].split()}
    choices = [CHOICES[field][choice] for field, choice in look.fields.items()]
    wanted |= {GROUP_OF[word]: word for choice in choices for word in choice.builtin}
    # What else the person's words say is in the fields, or drawn by finishing.
    wanted |= {GROUP_OF[word]: word for word in heard.positive if field_of(word) is None}
    unwanted = {word for word in heard.negative if field_of(word) not in DRAWN}
    positive = set(wanted.values()) - unwanted
    refused = {GROUP_OF[word] for word in unwanted}
    own = {word for word in look.negative[BUILTIN].split() if field_of(word) not in DRAWN}
    own |= {word for choice in choices for word in choice.builtin_negative}
    own |= {word for choice in choices for word in choice.builtin_negative_serious if not smiling}
    own = {word for word in own - positive if GROUP_OF[word] not in refused}
    return Prompt(
        positive=" ".join(_ordered(positive | set(cutout))),
        negative=" ".join(_ordered(own | unwanted)),
        understood=heard.understood,
        ignored=heard.ignored,
        unwanted=tuple(_ordered(unwanted)),
    )


def _ordered(words: Set[str]) -> list[str]:
    return [word for word in VOCABULARY if word in words][:MAX_PROMPT_WORDS]


def _diffusion(look: Look, heard: _Heard, words: str, negative_words: str) -> Prompt:
    """Free text: what the person wants comes first."""
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
    phrases = _field_phrases(look, heard)
    first = [phrases.pop(field, "") for field in ("crop", "expression")]
    return Prompt(
        positive=_joined([OPENER, *wanted, *first, *phrases.values(), look.prompt[DIFFUSION], QUALITY]),
        negative=_joined([*negated, look.negative[DIFFUSION], FAULTS]),
        understood=tuple(pieces + unwanted),
        ignored=(),
        unwanted=tuple(filter(None, negated)),
    )


def _edit(look: Look, heard: _Heard, words: str, negative_words: str, photos: int) -> Prompt:
    """Instructions for an edit model, whose text encoder is a language model: it reads sentences, and negations too."""
    pieces, unwanted = _split(words), _split(negative_words)
    phrases = _field_phrases(look, heard)
    first = [phrases.pop(field, "") for field in ("crop", "expression")]
    left_out = _joined([_NEGATION.sub(r"\1", piece) for piece in unwanted])
    sentences = [
        EDIT_OPENER if photos == 1 else EDIT_OPENER_SEVERAL,
        _joined([*pieces, *first, *phrases.values()]),
        look.prompt[DIFFUSION],
        KEPT,
        f"Without {left_out}" if left_out else "",
    ]
    return Prompt(
        positive=" ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence),
        negative="",
        understood=tuple(pieces + unwanted),
        ignored=(),
    )


def _field_phrases(look: Look, heard: _Heard) -> dict[str, str]:
    """Phrases of the fields that the person's words leave to the look, by field; some are empty."""
    return {
        field: clothes_phrase(look.fields, heard.described) if field == "wardrobe" else CHOICES[field][choice].diffusion
        for field, choice in look.fields.items()
        if heard.refused.get(field) != choice
        and field not in heard.described
        and (field == "wardrobe" or field not in IN_CLOTHES_PHRASE)
    }


def _split(text: str) -> list[str]:
    return [piece for part in re.split(r"[,;]|\.\s", text) if (piece := part.strip(" ."))]


def _joined(parts: list[str]) -> str:
    return ", ".join(part for part in parts if part)
