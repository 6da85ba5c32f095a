"""Requests: what a person may ask for, checked when it is written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence
from pipelines.looks.fields import FIELDS
from pipelines.looks.prompts import clean_words
from pipelines.settings import COUNT, FACE_NUMBER, FORMATS, MAX_PHOTOS, SETTINGS

if TYPE_CHECKING:
    from pipelines.provenance.recipe import Recipe

NUMBER_OF_PHOTOS = Sentence("Choose 1 to {most} photos of one person; you chose {chosen}.")
TOO_MANY_FACES = Sentence("More faces were chosen than there are photos; choose at most one face in each photo.")
NO_FORMAT = Sentence("The format must be one of: {formats}.")
NO_LIST = Sentence("The {name} must be a list.")
NO_NAME = Sentence("The {name} must be one of the names on offer.")
NO_FILES = Sentence("The photos must be files or their content.")
NO_NAMES = Sentence("The sizes must be names of sizes.")


@dataclass(frozen=True, kw_only=True)
class Request:
    """Request of one run: photos, look, settings, number of pictures. Raises UserError for a wrong value.

    What is None is chosen for the person: a field by the look, a setting by the engine, the seed by chance, the engine
    by the studio, the folder as a private temporary one.
    """

    photos: Sequence[str | Path | bytes] = field(repr=False)  # 1 to MAX_PHOTOS, files or their content, of one person
    faces: Sequence[int | None] = ()  # per photo: the k-th face from the left, or None where there is one only
    look: str = "corporate"
    wardrobe: str | None = None
    colour: str | None = None
    tie: str | None = None
    tie_colour: str | None = None
    shirt_colour: str | None = None
    cut: str | None = None
    build: str | None = None
    backdrop: str | None = None
    light: str | None = None
    expression: str | None = None
    crop: str | None = None
    framing: str | None = None
    torso: str | None = None
    tilt: str | None = None
    words: str = field(default="", repr=False)
    negative_words: str = field(default="", repr=False)
    resemblance: float | None = None
    identity_strength: float | None = None
    structure: float | None = None
    guidance_scale: float | None = None
    steps: int | None = None
    lora_scale: float | None = None
    second_pass: float | None = None
    seed: int | None = None  # of the first picture; picture k has seed + k - 1
    count: int = 4
    engine: str | None = None
    out: str | Path | None = None
    format: str = "png"
    sizes: Sequence[str] = ()  # extra files, ids of finishing.EXPORTS

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "photos": _some("photos", self.photos, (str, Path, bytes)),
            "faces": tuple(None if n is None else FACE_NUMBER.check(n) for n in _some("faces", self.faces)),
            "sizes": _some("sizes", self.sizes, (str,)),
            "count": COUNT.check(self.count),
            "look": _text("look", self.look),
        }
        clean_words(self.words)
        clean_words(self.negative_words)
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            checked[name] = None if value is None else setting.check(value)
        for name in (*FIELDS, "engine"):
            value = getattr(self, name)
            checked[name] = None if value is None else _text(name, value)
        if not isinstance(self.format, str) or self.format not in FORMATS:
            raise UserError(NO_FORMAT.format(formats=", ".join(FORMATS)))
        if not 1 <= len(checked["photos"]) <= MAX_PHOTOS:
            raise UserError(NUMBER_OF_PHOTOS.format(most=MAX_PHOTOS, chosen=len(checked["photos"])))
        if len(checked["faces"]) > len(checked["photos"]):
            raise UserError(TOO_MANY_FACES)
        for name, value in checked.items():  # 7.0 is written down as 7 and a list as a tuple
            object.__setattr__(self, name, value)

    @property
    def fields(self) -> dict[str, str | None]:
        """The choices that replace the look's own; None keeps the look's."""
        return {name: getattr(self, name) for name in FIELDS}

    @classmethod
    def from_recipe(cls, recipe: "Recipe", photos: Sequence[str | Path | bytes], **changes: Any) -> Self:
        """Ask for a picture again: the same photos give the same picture, bit for bit, on one machine."""
        names = ("look", "words", "negative_words", "engine", *FIELDS, *SETTINGS)
        same: dict[str, Any] = {name: getattr(recipe, name) for name in names}
        return cls(**{"photos": photos, "count": 1, **same, **changes})


def _some(name: str, given: Any, kinds: tuple[type, ...] = (object,)) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise UserError(NO_LIST.format(name=name))
    if not all(isinstance(one, kinds) for one in given):
        raise UserError(NO_FILES if name == "photos" else NO_NAMES)
    return tuple(given)


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str):
        raise UserError(NO_NAME.format(name=name))
    return given
