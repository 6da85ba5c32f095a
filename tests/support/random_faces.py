"""Pictures of random weights, which show nobody: what a judge is told to see in them is taken for a person's face."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipelines import studio
from pipelines.errors import PictureLost
from pipelines.faces.drawn_face import NO_FACE, WITHOUT_FACE
from pipelines.faces.identity import Face
from pipelines.faces.photos import largest_face


def take_any_face(patch: pytest.MonkeyPatch) -> None:
    """Leave out the check of pattern and colour, which random pictures cannot pass; a face must still be found."""

    def any_face(_: np.ndarray, faces: Sequence[Face], **__: Any) -> Face:
        face = largest_face(faces)
        if face is None:
            raise PictureLost(NO_FACE, WITHOUT_FACE)
        return face

    patch.setattr(studio, "drawn_face", any_face)
