"""The table of fields: everything a person can choose about a headshot besides the look, and what each choice means.

For the built-in engine a choice becomes words of its closed vocabulary; for diffusion engines it becomes a phrase.
Backdrops are drawn by finishing after the person is cut out, so their words only make the engine's own light fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.looks.vocabulary import FIELD_OF_GROUP, GROUP_OF

BUILTIN, DIFFUSION = "builtin", "diffusion"
FAMILIES = (BUILTIN, DIFFUSION)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice of a field."""

    label: str  # on the page
    builtin: tuple[str, ...] | None  # words of the vocabulary; None: the built-in model has nothing like it
    diffusion: str  # part of a prompt, in a photographer's words
    note: str | None = None  # why the built-in model cannot quite obey it, as a sentence


def _backdrop(label: str, builtin: str, diffusion: str) -> Choice:
    return Choice(label=label, builtin=tuple(builtin.split()), diffusion=diffusion)


def _wardrobe(label: str, tone: str, diffusion: str) -> Choice:
    note = f"The built-in model only knows dark and light clothes; it will draw {tone} clothes."
    return Choice(label=label, builtin=(f"{tone}-clothes",), diffusion=diffusion, note=note)


def _crop(label: str, diffusion: str) -> Choice:
    return Choice(label=label, builtin=(), diffusion=diffusion)


CHOICES: Mapping[str, Mapping[str, Choice]] = {
    "backdrop": {
        # plain-backdrop stands in every row: behind a calm background the cut-out finds hair and shoulders best; and
        # light-backdrop where the drawn one that comes instead has no tone of its own: dark hair and clothes stand out.
        "seamless-light": _backdrop(
            "Light studio paper", "light-backdrop plain-backdrop", "off-white studio background"
        ),
        "seamless-grey": _backdrop(
            "Grey studio paper", "light-backdrop plain-backdrop", "plain grey studio background"
        ),
        "seamless-dark": _backdrop("Dark studio paper", "dark-backdrop plain-backdrop", "charcoal studio background"),
        "black": _backdrop("Black", "dark-backdrop plain-backdrop", "black background"),
        "gradient-blue": _backdrop(
            "Blue gradient", "light-backdrop plain-backdrop cool-backdrop", "blue gradient studio background"
        ),
        "gradient-warm": _backdrop(
            "Warm gradient", "light-backdrop plain-backdrop warm-backdrop", "warm gradient studio background"
        ),
        "office": _backdrop(
            "Bright office",
            "light-backdrop plain-backdrop cool-backdrop",
            "blurred bright modern office background",
        ),
        "library": _backdrop(
            "Library",
            "dark-backdrop plain-backdrop warm-backdrop",
            "blurred wooden bookshelves background",
        ),
        "outdoor": _backdrop("Outdoors", "plain-backdrop green-backdrop", "blurred green park background"),
        "stage": _backdrop("Stage", "dark-backdrop plain-backdrop cool-backdrop", "blurred dark stage background"),
        "clinic": _backdrop(
            "Clinic", "light-backdrop plain-backdrop cool-backdrop", "blurred bright clinic background"
        ),
        "brick": _backdrop("Brick wall", "plain-backdrop warm-backdrop", "blurred brick wall background"),
    },
    "wardrobe": {
        "dark-suit": _wardrobe("Dark suit", "dark", "wearing a tailored dark suit"),
        "light-suit": _wardrobe("Light suit", "light", "wearing a tailored light gray suit"),
        "blazer": _wardrobe("Navy blazer", "dark", "wearing a navy blazer, open collar"),
        "tweed-jacket": _wardrobe("Tweed jacket", "dark", "wearing a brown tweed jacket"),
        "leather-jacket": _wardrobe("Leather jacket", "dark", "wearing a black leather jacket"),
        "light-shirt": _wardrobe("Light shirt", "light", "wearing a light shirt, open collar"),
        "dark-shirt": _wardrobe("Dark shirt", "dark", "wearing a plain dark shirt"),
        "dark-tshirt": _wardrobe("Dark T-shirt", "dark", "wearing a plain dark t-shirt"),
        "black-turtleneck": _wardrobe("Black turtleneck", "dark", "wearing a black turtleneck"),
        "knitwear": _wardrobe("Light knitwear", "light", "wearing an oatmeal knit sweater"),
        "lab-coat": _wardrobe("White coat", "light", "wearing a white doctor coat"),
    },
    "light": {
        "soft": Choice(
            label="Soft, from the front",
            builtin=(),
            diffusion="soft frontal light",
            note=(
                "The built-in model only knows light from the left and from the right; "
                "it is told neither, so its light stays close to the photo's."
            ),
        ),
        "from-left": Choice(label="From the left", builtin=("lit-left",), diffusion="soft key light from the left"),
        "from-right": Choice(label="From the right", builtin=("lit-right",), diffusion="soft key light from the right"),
        "dramatic": Choice(
            label="Dramatic",
            builtin=None,
            diffusion="dramatic low-key light, rim light",
            note=(
                "The built-in model cannot draw dramatic light; its light stays close to the photo's. "
                "Choose light from the left or from the right instead."
            ),
        ),
    },
    "expression": {
        "smiling": Choice(label="Smiling", builtin=("smiling",), diffusion="natural warm smile"),
        "neutral": Choice(
            label="Neutral",
            builtin=(),
            diffusion="relaxed neutral expression",
            note=(
                "The built-in model only knows smiling and serious; "
                "it is told neither, so the expression stays close to the photo's."
            ),
        ),
        "serious": Choice(label="Serious", builtin=("serious",), diffusion="calm serious expression"),
    },
    "crop": {
        "portrait": _crop("Portrait, 4:5", "head and shoulders portrait"),
        "square": _crop("Square, 1:1", "head and shoulders portrait"),
        "tight": _crop("Tight, 1:1", "close-up of the face"),
    },
}
FIELDS: Mapping[str, tuple[str, ...]] = {field: tuple(choices) for field, choices in CHOICES.items()}


def unobeyed(family: str, field: str, choice: str) -> str | None:
    """Sentence on why engines of this family cannot quite do what the choice says; None if they can."""
    return CHOICES[field][choice].note if family == BUILTIN else None


def field_of(word: str) -> str | None:
    """The field that a word of the vocabulary belongs to; None for the head's pose."""
    return FIELD_OF_GROUP.get(GROUP_OF[word])
