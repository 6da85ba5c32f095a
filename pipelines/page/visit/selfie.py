"""The selfie beside its headshot: turned and scaled so that the two faces lie on each other."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pipelines.errors import UserError
from pipelines.faces.alignment import similarity_transform
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.faces.photos import largest_face
from pipelines.images.decode import open_photo

BESIDE = (120, 120, 120)  # sRGB, where the photo ends
QUALITY = 90  # JPEG's


def selfie_for(
    picture: np.ndarray, photos: Sequence[tuple[bytes, int | None]], analyser: FaceAnalyser
) -> np.ndarray | None:
    """Lay the first usable photo under a finished picture: uint8 RGB of its size; None if none can be used.

    `picture` is uint8 RGB (H, W, 3), `photos` each photo's file and the face chosen in it.
    """
    face = largest_face(analyser.analyse(picture))
    if face is None:
        return None
    for content, number in photos:
        try:
            photo = open_photo(content)
            theirs = choose(analyser.analyse(photo), number)
        except UserError:
            continue
        transform = similarity_transform(theirs.landmarks, face.landmarks)
        size = picture.shape[1::-1]
        laid: np.ndarray = cv2.warpAffine(photo, transform, size, flags=cv2.INTER_AREA, borderValue=BESIDE)
        return laid
    return None


def selfie_file(picture: Path, selfie: np.ndarray | None) -> Path | None:
    """Write a selfie, uint8 RGB (H, W, 3), beside a finished picture's file, with which it is deleted; give its file.

    Arrays that Gradio is given lie in its cache for a minute, also when the visitor has left.
    """
    if selfie is None:
        return None
    file = picture.with_name(f"{picture.stem}-selfie.jpg")
    Image.fromarray(selfie).save(file, quality=QUALITY)
    return file
