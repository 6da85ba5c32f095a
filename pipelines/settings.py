"""Settings of a run and the numbers they take, declared once: request, recipe, page, API and command line read them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from types import MappingProxyType
from typing import Any

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence, make_sentences

SEEDS = 2**32
"""Number of seeds: 0 to SEEDS - 1; after the last comes 0."""
NO_NUMBER = Sentence("{setting} must be a number from {low} to {high}.")
NO_WHOLE_NUMBER = Sentence("{setting} must be a whole number from {low} to {high}.")


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers that a setting takes, both ends included."""

    label: str
    low: float
    high: float
    whole: bool = False
    about: str = ""
    """Sentence for the page on what the setting does."""
    of_lora: bool = False
    """Without meaning for an engine whose adapter has no LoRA of its own."""
    of_second_pass: bool = False
    """Without meaning for an engine that draws in one pass."""
    least: float = 0.0
    """Number below which it is 0."""

    def __post_init__(self) -> None:
        make_sentences(self, "label", "about")

    @property
    def step(self) -> float:
        """Distance between two numbers on the page's slider."""
        return 1 if self.whole else 0.05

    def check(self, value: Any) -> int | float:
        """`value` as an int or a float. Raises UserError.

        NaN, infinity, True and "7" are no numbers here; 7.0 is a whole one.
        """
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not self.low <= value <= self.high or (self.whole and value != int(value)):
            refusal = NO_WHOLE_NUMBER if self.whole else NO_NUMBER
            raise UserError(refusal.format(setting=self.label, low=self.low, high=self.high))
        if self.whole:
            return int(value)
        return float(value) if abs(value) >= self.least else 0.0


GUIDANCE = "guidance_scale"
SETTINGS: Mapping[str, Range] = MappingProxyType(
    {
        "resemblance": Range(
            label="How much it is you", low=0.0, high=1.0, about="1: all you. 0: a stranger. Between: in part you."
        ),
        "identity_strength": Range(
            label="Identity strength", low=0.0, high=1.5, about="Weight of your face's embedding alone."
        ),
        "structure": Range(
            label="Structure", low=0.0, high=1.5, about="Weight of your best photo: pose and shape of the face."
        ),
        GUIDANCE: Range(label="Guidance scale", low=1.0, high=15.0, about="How strictly look and words are followed."),
        "steps": Range(label="Steps", low=4, high=60, whole=True, about="More take longer."),
        "lora_scale": Range(
            label="LoRA weight",
            low=0.0,
            high=1.5,
            of_lora=True,
            about="Of the adapter's own LoRA. The method's is 1, whatever the identity strength.",
        ),
        "second_pass": Range(
            label="Second pass",
            low=0.0,
            high=0.5,
            least=0.05,  # less would be the end of a schedule of a thousand steps
            of_second_pass=True,
            about="Share of the picture that is drawn anew at twice the size. 0 leaves it out: quicker, half as large.",
        ),
        "seed": Range(label="The seed", low=0, high=SEEDS - 1, whole=True),
    }
)
"""Settings by name, in the order in which they are shown. Where one is None the engine's own default is taken."""

COUNT = Range(label="The number of pictures", low=1, high=8, whole=True)
FACE_NUMBER = Range(label="The number of a face", low=1, high=99, whole=True)
MAX_PHOTOS = 6
MAX_CHARACTERS = 1000
"""Length of the words, and of the negative words."""
FORMATS: Mapping[str, str] = MappingProxyType({"png": ".png", "jpeg": ".jpg"})
"""File formats of the pictures, and their suffixes."""
AUTO = "auto"
"""Engine id for: the best one that this machine can run."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Numbers that one picture is drawn with: each of SETTINGS but the seed."""

    resemblance: float = 1.0
    """Factor of `identity_strength` and `structure` together, 0 to 1; 0 is a stranger."""
    identity_strength: float
    """Scale of the identity adapter in cross-attention (IP-Adapter scale); 0 is nobody."""
    structure: float
    """Share of pose and face shape that follows the best photo; 0 is nothing."""
    guidance_scale: float
    """Classifier-free guidance; 1 is off."""
    steps: int
    """Denoising steps."""
    lora_scale: float = 1.0
    """Weight of the adapter's own LoRA; the method's is 1, whatever the identity strength (h94's model card).
    Without meaning for an engine that has none."""
    second_pass: float = 0.0
    """Share of the noise that the second pass adds and removes again, 0 to 0.5: with more another face may come out.
    0 leaves it out, and an engine without one has none."""

    @property
    def applied(self) -> "Settings":
        """These settings with the resemblance put into the two that it scales."""
        scaled = {name: self.resemblance * getattr(self, name) for name in ("identity_strength", "structure")}
        return replace(self, resemblance=1.0, **scaled)
