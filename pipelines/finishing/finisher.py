"""Finisher: finishes what any engine drew, by what its row says that it draws."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipelines.drift.compare import with_drift
from pipelines.drift.traits import HeadTraits, traits_of
from pipelines.faces.likeness import Likeness
from pipelines.finishing import composition, framing
from pipelines.finishing.finish import finish
from pipelines.finishing.headshot import Kept, anew, finish_headshot
from pipelines.finishing.tones import UNKNOWN, Tones
from pipelines.looks.fields import CLOTHES
from pipelines.looks.preset import Look
from pipelines.looks.shoot import pose
from pipelines.matting.covering import covering_notes
from pipelines.matting.head_parser import HeadParser
from pipelines.matting.person_mask import PersonMask
from pipelines.runtime.part_memory import Memory
from pipelines.wardrobe.outfit import outfit

if TYPE_CHECKING:
    from pipelines.faces.identity import Face, Shot

Draws = Literal["head", "picture"]
"""Kind of picture that an engine draws: a head that is dressed here, or a whole picture."""

FINISHED_FIELDS: Mapping[Draws, tuple[str, ...]] = MappingProxyType(
    {"head": (*CLOTHES, "backdrop", "light", "crop", "framing"), "picture": ("backdrop", "crop")}
)
"""Fields that finishing can change in a drawn picture, by what the engine draws."""


EVEN_LIGHT = "soft"
"""Choice of the field `light` that shows skin and hair as they are."""


class Finisher:
    """Finishes drawn pictures. Share one among all threads.

    It loads its nets at construction, those for drawn heads only where they are `draws`, or at their first use.
    """

    def __init__(self, draws: Draws = "head") -> None:
        self._mask = PersonMask()
        self.memory = Memory()
        self._heads = HeadParser() if draws == "head" else None

    def finish(
        self,
        draws: Draws,
        image: np.ndarray,
        face: "Face",
        look: Look,
        seed: int,
        tones: Tones = UNKNOWN,
        largest: tuple[int, int] | None = None,
        cut_out: bool = True,
        kept: Kept = anew,
    ) -> np.ndarray:
        """Finish a drawn picture, uint8 RGB (H, W, 3) -> uint8 RGB; the same arguments give the same picture.

        Args:
            draws: what the engine draws.
            image: the drawn picture.
            face: the face in it.
            look: the look, with every choice made; where it leaves a choice open, the seed makes it.
            seed: the picture's seed.
            tones: of skin and hair in the person's photos.
            largest: a canvas for a drawn head other than its crop's own, width and height.
            kept: gives parts of a drawn head that were made before of the same one.
            cut_out: set the person of a whole picture before the look's backdrop; else the drawn one stays.
        """
        if draws == "picture":
            return finish(image, face, look, mask=self._mask, skin=tones.skin, cut_out=cut_out)
        posed = pose(look, seed)
        worn = outfit(look.fields, posed)
        nets = {"mask": self._mask, "parser": self._parser()}
        return finish_headshot(image, face, look, posed, worn, **nets, tones=tones, largest=largest, kept=kept)  # type: ignore[arg-type]

    def _parser(self) -> HeadParser:
        if self._heads is None:
            self._heads = HeadParser()
        return self._heads

    def photo_notes(self, draws: Draws, shot: "Shot") -> tuple[str, ...]:
        """Sentences on what a photo shows that will not be in the picture: a covering of the hair."""
        return covering_notes(shot, self._parser()) if draws == "head" else ()

    def traits(self, draws: Draws, shots: Sequence["Shot"]) -> tuple[HeadTraits, ...]:
        """Traits of a person in each photo, for `with_drift`; none where the parser of drawn heads has no part."""
        return traits_of(shots, self._parser()) if draws == "head" else ()

    def with_drift(
        self, likeness: Likeness, image: np.ndarray, face: "Face | None", photos: Sequence[HeadTraits], look: Look
    ) -> Likeness:
        """The likeness of a finished picture, with sentences on what it has changed besides the face.

        Light from one side leaves skin and hair darker on purpose: tones are compared in the even light of a look only.
        """
        if look.light != EVEN_LIGHT:
            photos = [photo.without_tones() for photo in photos]
        return with_drift(likeness, image, face, photos, self._parser()) if photos else likeness


def eyes_of(draws: Draws, look: Look) -> float:
    """Height at which finishing puts the eyes, as a share from the top."""
    return composition.EYES[look.crop] if draws == "head" else framing.EYES[0]
