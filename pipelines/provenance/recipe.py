"""A picture's recipe: all that is needed, besides the photos, to make it again. Nothing in it is about the person."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence
from pipelines.looks.fields import FIELDS, LATER_FIELDS
from pipelines.settings import MAX_CHARACTERS, SETTINGS

FORMAT = 1
NEWER = Sentence("This recipe is from a newer version of Headshot Studio. Update, and try again.")
NO_ID = Sentence("The {name} in a recipe must be an id such as “corporate”. Choose it again.")
NO_WORDS = Sentence("The {name} must be text of at most {most} characters. Shorten them.")
NO_FORMAT = Sentence("The format of a recipe must be {format}. Use a picture that was made here.")
NO_VERSIONS = Sentence("The versions in a recipe must be short texts for {names}.")
VERSIONS = ("app", "model", "torch", "diffusers")

SINCE = frozenset({"lora_scale", "resemblance", "second_pass", *LATER_FIELDS})
"""Fields that recipes of the first release do not have; they mean the defaults."""

_IDS = ("engine", "look")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:@/-]{0,127}")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings, the seed and the versions that made one picture. Raises UserError for values out of range.

    The same photos and the same recipe give the same picture, bit for bit on one machine. It never holds a face,
    a file name or an embedding. Control characters in words are dropped, except line breaks and tabs.
    """

    engine: str
    look: str
    wardrobe: str | None = None  # None: as the look has it; so for the thirteen below
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
    words: str = ""
    negative_words: str = ""
    identity_strength: float
    structure: float
    guidance_scale: float
    steps: int
    seed: int
    lora_scale: float = 1.0
    resemblance: float = 1.0
    second_pass: float | None = None  # None: as the engine has it
    versions: Mapping[str, str]  # of the VERSIONS, those that had a part in it
    format: int = FORMAT

    def __post_init__(self) -> None:
        for name in (*_IDS, *FIELDS):
            value = getattr(self, name)
            if not (value is None and name in FIELDS) and not (isinstance(value, str) and _ID.fullmatch(value)):
                raise UserError(NO_ID.format(name=name))
        for name in ("words", "negative_words"):
            value = getattr(self, name)
            if not isinstance(value, str) or len(value) > MAX_CHARACTERS:
                raise UserError(NO_WORDS.format(name=name.replace("_", " "), most=MAX_CHARACTERS))
            object.__setattr__(self, name, _clean(value))
        for name, setting in SETTINGS.items():
            if not (name == "second_pass" and self.second_pass is None):
                object.__setattr__(self, name, setting.check(getattr(self, name)))
        if self.format != FORMAT or isinstance(self.format, bool):
            raise UserError(NO_FORMAT.format(format=FORMAT))
        if not isinstance(self.versions, Mapping) or not all(
            name in VERSIONS and isinstance(version, str) and _VERSION.fullmatch(version)
            for name, version in self.versions.items()
        ):
            raise UserError(NO_VERSIONS.format(names=", ".join(VERSIONS)))
        object.__setattr__(self, "versions", dict(self.versions))

    @property
    def fields(self) -> dict[str, str | None]:
        """The choices that replace the look's own; None keeps the look's."""
        return {name: getattr(self, name) for name in FIELDS}

    def to_json(self) -> str:
        """Write the recipe as JSON that `from_json` reads, in plain ASCII: not all of Unicode may stand in XML."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Read a recipe from untrusted text; ValueError if it is none, UserError if it is of a newer format."""
        try:
            values = json.loads(text)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(values, dict):
            raise ValueError("not a recipe")
        if isinstance(values.get("format"), int) and values["format"] > FORMAT:
            raise UserError(NEWER)
        if set(values) | SINCE != {field.name for field in fields(cls)}:
            raise ValueError("not the fields of a recipe")
        try:
            return cls(**values)
        except UserError as error:  # its sentence is for somebody who chose the value
            raise ValueError(str(error)) from error


def _clean(text: str) -> str:
    return "".join(c for c in text if c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cs"))
