"""The mask's benchmark draws a person with loose hair, and sees a halo where there is one."""

import cv2
import numpy as np
import pytest

from benchmarks.mask import halo, outline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn_outline() -> np.ndarray:
    return outline(np.random.default_rng(0), blur=0)


def test_the_drawn_outline_is_a_person_with_loose_hair(drawn_outline: np.ndarray) -> None:
    assert drawn_outline.dtype == np.float32 and drawn_outline.min() == 0 and drawn_outline.max() == 1
    assert 0.25 < drawn_outline.mean() < 0.45
    row = drawn_outline[90]  # above the head, where strands are all there is
    assert int((np.diff((row > 0.5).astype(int)) != 0).sum()) > 4


def test_a_perfect_cut_out_has_no_halo_and_a_wider_one_has(drawn_outline: np.ndarray) -> None:
    white = np.ones((*drawn_outline.shape, 3), np.float32)
    assert halo(drawn_outline, drawn_outline, white) < 0.5
    assert halo(drawn_outline, cv2.dilate(drawn_outline, np.ones((31, 31))), white) > 50
