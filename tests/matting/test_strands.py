"""Strands of hair are cut out of a smooth backdrop, and take nothing of it along."""

import cv2
import numpy as np
import pytest

from pipelines.matting.head_parser import HeadParts
from pipelines.matting.strands import HeadMatte, head_matte

SIDE = 512
HAIR, BEHIND = np.array([0.15, 0.1, 0.07], np.float32), np.array([0.55, 0.5, 0.45], np.float32)


@pytest.fixture(scope="module")
def strands() -> np.ndarray:
    """True alpha (SIDE, SIDE) of a round head of hair from which strands of two pixels stand out."""
    alpha = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
    cv2.circle(alpha, (2 * SIDE, 2 * SIDE), 560, 255, -1)
    for k in range(90):
        angle = k * 2 * np.pi / 90
        out = np.array([np.cos(angle), np.sin(angle)])
        start, end = 2 * SIDE + 540 * out, 2 * SIDE + (600 + 30 * (k % 3)) * out
        cv2.line(alpha, tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist()), 255, 8)
    return cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


@pytest.fixture(scope="module")
def matte(strands: np.ndarray) -> HeadMatte:
    noise = 0.01 * np.random.default_rng(0).standard_normal((SIDE, SIDE, 3), np.float32)
    light = np.linspace(0.9, 1.1, SIDE, dtype=np.float32)[None, :, None]  # the backdrop is smooth, not even
    picture = strands[..., None] * HAIR + (1 - strands[..., None]) * BEHIND * light + noise
    coarse = cv2.GaussianBlur((strands > 0.9).astype(np.float32), (0, 0), 6)
    zero = np.zeros_like(coarse)
    parts = HeadParts(hair=coarse, face=zero, neck=zero, clothes=zero, backdrop=1 - coarse)
    return head_matte(picture.clip(0, 1).astype(np.float32), coarse, parts)


def test_strands_that_the_coarse_masks_miss_are_found(strands: np.ndarray, matte: HeadMatte):
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    around = (np.hypot(x, y) > 143) & (np.hypot(x, y) < 155)
    single = around & (strands > 0.9)
    between = around & (cv2.dilate(strands, np.ones((3, 3))) < 0.05)
    assert np.count_nonzero(single) > 300 and np.count_nonzero(between) > 1000
    assert matte.hair[single].mean() > 0.65
    assert matte.hair[between].mean() < 0.05
    assert np.abs(matte.hair - strands)[around].mean() < 0.1


def test_hair_has_its_own_colour_to_its_edge(strands: np.ndarray, matte: HeadMatte):
    edge = (strands > 0.3) & (strands < 0.9) & (matte.hair > 0.2)
    assert np.count_nonzero(edge) > 500
    assert np.abs(matte.colour[edge] - HAIR).mean() < 0.06  # a third of the way to the backdrop's is .1


def test_what_is_far_from_hair_is_empty_and_what_is_deep_in_it_is_full(matte: HeadMatte):
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    assert matte.hair[np.hypot(x, y) > 200].max() < 0.02
    assert matte.hair[np.hypot(x, y) < 110].min() > 0.98
