"""The table of fields: everything a person can choose about a headshot besides the look, and what each choice means.

For the built-in engine a choice becomes words of its closed vocabulary, or finishing does it: garments, backdrops and
framing are drawn after the person is cut out. For diffusion engines a choice becomes a phrase.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.language.sentence import Sentence, make_sentences
from pipelines.looks.vocabulary import FIELD_OF_GROUP, GROUP_OF

BUILTIN, DIFFUSION = "builtin", "diffusion"
FAMILIES = (BUILTIN, DIFFUSION)
"""Families that a look has words for."""
EDIT = "edit"
"""Family of engines that are told what to make of a photo; a look's words for diffusion serve it."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice of a field."""

    label: str  # on the page
    builtin: tuple[str, ...] = ()  # words of the vocabulary; finishing does the rest
    builtin_negative: tuple[str, ...] = ()  # words that it is kept from
    builtin_negative_serious: tuple[str, ...] = ()  # the same, where the person does not smile in the photo
    diffusion: str = ""  # part of a prompt, in a photographer's words; empty: nothing is said
    coloured: str = ""  # of a garment: the same with {colour} where it is not its usual one
    note: str | None = None  # why the built-in model cannot quite obey it, as a sentence

    def __post_init__(self) -> None:
        make_sentences(self, "label", context="choice")
        make_sentences(self, "note")


def _garment(label: str, coloured: str, colour: str) -> Choice:
    return Choice(label=label, coloured=coloured, diffusion=with_colour(coloured, colour))


def with_colour(coloured: str, colour: str) -> str:
    """Put a colour into a garment's phrase: "a {colour} blazer" becomes "an olive blazer"."""
    phrase = coloured.format(colour=colour)
    return phrase.replace(f"a {colour}", f"an {colour}") if colour[0] in "aeiou" else phrase


def _plain(**labels: str) -> dict[str, Choice]:
    """Choices whose phrase is made elsewhere, or that say nothing in a prompt."""
    return {name.replace("_", "-"): Choice(label=label) for name, label in labels.items()}


_COLOURS = _plain(
    navy="Navy",
    blue="Blue",
    light_blue="Light blue",
    teal="Teal",
    charcoal="Charcoal",
    grey="Grey",
    light_grey="Light grey",
    black="Black",
    white="White",
    cream="Cream",
    beige="Beige",
    camel="Camel",
    brown="Brown",
    burgundy="Burgundy",
    red="Red",
    forest="Forest green",
    olive="Olive",
    pink="Pink",
)
_ANY = Choice(label="Any")

PERSONAL = ("cut",)
"""Fields that only the person can tell: nothing is guessed from a face."""
CLOTHES: Mapping[str, Mapping[str, Choice]] = {
    "wardrobe": {
        "dark-suit": _garment("Dark suit", "wearing a tailored {colour} suit", "dark"),
        "light-suit": _garment("Light suit", "wearing a tailored {colour} suit", "light gray"),
        "blazer": _garment("Blazer", "wearing a {colour} blazer", "navy"),
        "tweed-jacket": _garment("Tweed jacket", "wearing a {colour} tweed jacket", "brown"),
        "leather-jacket": _garment("Leather jacket", "wearing a {colour} leather jacket", "black"),
        "light-shirt": _garment("Light shirt", "wearing a {colour} shirt", "light"),
        "dark-shirt": _garment("Dark shirt", "wearing a plain {colour} shirt", "dark"),
        "dark-tshirt": _garment("T-shirt", "wearing a plain {colour} t-shirt", "dark"),
        "black-turtleneck": _garment("Turtleneck", "wearing a {colour} turtleneck", "black"),
        "knitwear": _garment("Knitwear", "wearing a {colour} knit sweater", "oatmeal"),
        "lab-coat": _garment("White coat", "wearing a {colour} doctor coat", "white"),
        "round-neck": _garment("Plain round-neck top or dress", "wearing a plain {colour} round-neck top", "burgundy"),
    },
    "colour": {"own": Choice(label="The garment's usual"), **_COLOURS},
    "tie": _plain(own="As usual with it", none="No tie", plain="Plain", striped="Striped"),
    "tie_colour": {
        "own": Choice(label="To match"),
        **{name: _COLOURS[name] for name in ("burgundy", "red", "navy", "blue", "light-blue", "forest", "grey")},
        **_plain(silver="Silver", gold="Gold"),
        **{name: _COLOURS[name] for name in ("pink", "black")},
    },
    "shirt_colour": {"own": Choice(label="To match"), **_COLOURS},
    "cut": {"any": Choice(label="Both"), **_plain(mens="Men's", womens="Women's")},
    "build": {
        "any": _ANY,
        "slim": Choice(label="Slim", diffusion="slim build"),
        "average": Choice(label="Average", diffusion="average build"),
        "broad": Choice(label="Broad", diffusion="broad shoulders"),
    },
}
"""Fields of what the person wears. Finishing draws it for the built-in engine; `clothes.phrase` says it to others."""

PICTURE: Mapping[str, Mapping[str, Choice]] = {
    "backdrop": {
        "seamless-light": Choice(label="Light studio paper", diffusion="off-white studio background"),
        "seamless-grey": Choice(label="Grey studio paper", diffusion="plain grey studio background"),
        "seamless-dark": Choice(label="Dark studio paper", diffusion="charcoal studio background"),
        "black": Choice(label="Black", diffusion="black background"),
        "gradient-blue": Choice(label="Blue gradient", diffusion="blue gradient studio background"),
        "gradient-warm": Choice(label="Warm gradient", diffusion="warm gradient studio background"),
        "office": Choice(label="Bright office", diffusion="blurred bright modern office background"),
        "library": Choice(label="Library", diffusion="blurred wooden bookshelves background"),
        "outdoor": Choice(label="Outdoors", diffusion="blurred green park background"),
        "stage": Choice(label="Stage", diffusion="blurred dark stage background"),
        "clinic": Choice(label="Clinic", diffusion="blurred bright clinic background"),
        "brick": Choice(label="Brick wall", diffusion="blurred brick wall background"),
    },
    "light": {
        "soft": Choice(
            label="Soft, from the front",
            diffusion="soft frontal light",
            note=(
                "The built-in model only knows light from the left and from the right; "
                "it is told neither, so the light on the face stays close to the photo's."
            ),
        ),
        "from-left": Choice(label="From the left", builtin=("lit-left",), diffusion="soft key light from the left"),
        "from-right": Choice(label="From the right", builtin=("lit-right",), diffusion="soft key light from the right"),
        "dramatic": Choice(
            label="Dramatic",
            builtin=("lit-left",),
            diffusion="dramatic low-key light, rim light",
            note=(
                "Dramatic light falls on clothes and backdrop; the face is lit from the side only as far as the "
                "built-in model knows light from the left."
            ),
        ),
    },
    "expression": {
        "smiling": Choice(label="Smiling", builtin=("smiling",), diffusion="natural warm smile"),
        "broad-smile": Choice(label="Broad smile", builtin=("smiling",), diffusion="broad warm smile"),
        # without a word the expression is the photo's, of a smile a smaller one; a serious one, kept from serious,
        # becomes a small smile, too
        "slight-smile": Choice(
            label="Slight smile", builtin_negative_serious=("serious",), diffusion="slight closed-mouth smile"
        ),
        "neutral": Choice(
            label="Neutral",
            diffusion="relaxed neutral expression",
            note=(
                "The built-in model only knows smiling and serious; "
                "it is told neither, so the expression stays close to the photo's."
            ),
        ),
        "serious": Choice(label="Serious", builtin=("serious",), diffusion="calm serious expression"),
    },
    "crop": {
        "portrait": Choice(label="Portrait, 4:5", diffusion="head and shoulders portrait"),
        "square": Choice(label="Square, 1:1", diffusion="head and shoulders portrait"),
        "tight": Choice(label="Tight, 1:1", diffusion="close-up of the face"),
    },
    "framing": {
        "any": _ANY,
        "wide": Choice(label="Wide", diffusion="wider framing"),
        "normal": Choice(label="Normal"),
        "close": Choice(label="Close", diffusion="closer framing"),
    },
    "torso": {
        "any": _ANY,
        "left": Choice(label="Turned left", diffusion="body turned left"),
        "straight": Choice(label="Straight", diffusion="body facing front"),
        "right": Choice(label="Turned right", diffusion="body turned right"),
    },
    "tilt": {
        "any": _ANY,
        "none": Choice(label="None", diffusion="head upright"),
        "left": Choice(label="To the left", diffusion="head tilted left"),
        "right": Choice(label="To the right", diffusion="head tilted right"),
    },
}
"""Fields of the rest of the picture."""

CHOICES: Mapping[str, Mapping[str, Choice]] = {**CLOTHES, **PICTURE}
FIELDS: Mapping[str, tuple[str, ...]] = {field: tuple(choices) for field, choices in CHOICES.items()}

FIRST_FIELDS = ("backdrop", "wardrobe", "light", "expression", "crop")
"""Fields of the first release: every look names them, and every recipe has them."""
LATER_FIELDS = tuple(field for field in FIELDS if field not in FIRST_FIELDS)
"""Fields that came later. Where a look does not name one, it has the first of its choices, which leaves it open."""


def field_label(field: str) -> str:
    """Label of a field on the page."""
    return Sentence(field.replace("_", " ").capitalize(), "field")


def unobeyed(family: str, field: str, choice: str) -> str | None:
    """Sentence on why engines of this family cannot quite do what the choice says; None if they can."""
    return CHOICES[field][choice].note if family == BUILTIN else None


def field_of(word: str) -> str | None:
    """The field that a word of the vocabulary belongs to; None for the head's pose."""
    return FIELD_OF_GROUP.get(GROUP_OF[word])
