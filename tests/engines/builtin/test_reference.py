"""The photo that the built-in model follows shows the person and nothing of what was behind them."""

from unittest.mock import Mock

import numpy as np
import pytest

from pipelines.engines.builtin.reference import MAX_PART_SIDE, PLAIN, on_plain_backdrop
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.matting.person_mask import Cutout, PersonMask
from tests.conftest import Person


@pytest.mark.parametrize("which", [0, 4])
def test_the_backdrop_becomes_plain_and_the_face_stays(
    mask: PersonMask, analyser: FaceAnalyser, people: list[Person], which: int
) -> None:
    photo = people[which].selfie
    face = choose(analyser.analyse(photo))
    part, points = on_plain_backdrop(photo, face.landmarks, mask)
    assert max(part.shape[:2]) == MAX_PART_SIDE and part.dtype == np.uint8
    corner = part[:40, :40] / 255
    assert np.abs(corner - PLAIN).max() < 0.02
    seen = choose(analyser.analyse(part))
    assert np.abs(seen.landmarks - points).mean() < 4
    assert float(seen.embedding @ face.embedding) > 0.9


def test_where_somebody_else_was_cut_out_the_photo_stays_as_it_is(analyser: FaceAnalyser, people: list[Person]) -> None:
    photo = people[0].selfie
    landmarks = choose(analyser.analyse(photo)).landmarks

    def nobody(image: np.ndarray, _: np.ndarray) -> Cutout:
        return Cutout(alpha=np.zeros(image.shape[:2], np.float32), colour=np.zeros(image.shape, np.float32))

    part, _ = on_plain_backdrop(photo, landmarks, Mock(cut_out=nobody))
    assert np.abs(part.reshape(-1, 3).mean(0) / 255 - PLAIN).max() > 0.02 and part.std() > 20


def test_a_face_at_the_edge_of_a_small_photo_is_no_trouble(mask: PersonMask) -> None:
    photo = np.full((60, 50, 3), 120, np.uint8)
    landmarks = np.array([[-4, 20], [14, 18], [4, 30], [-3, 40], [12, 41]], np.float32)
    part, points = on_plain_backdrop(photo, landmarks, mask)
    assert part.size and part.shape[0] <= 60 and np.allclose(points, landmarks, atol=1e-4)
