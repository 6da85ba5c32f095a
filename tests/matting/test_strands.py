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


def over_clothes(cloth: np.ndarray) -> tuple[np.ndarray, HeadMatte]:
    """Rows at which hair with upright strands ends over clothes, one for each column in its middle; and its matte.

    The masks end it at a straight line. The hair has light and dark strands of four pixels; the neck beside it is bare.
    """
    rng, rows = np.random.default_rng(1), np.arange(SIDE)[:, None]
    strands = np.repeat(rng.uniform(0.6, 1.5, SIDE // 4), 4).astype(np.float32)
    hair = np.zeros((SIDE, SIDE), np.float32)
    hair[80:380, 120:300] = 1
    clothes = np.where((rows > 370) & (hair < 1), 1, 0).astype(np.float32)
    neck = np.zeros_like(hair)
    neck[200:371, 300:380] = 1
    backdrop = 1 - hair - clothes - neck
    skin = np.array([0.8, 0.6, 0.5], np.float32)
    own = hair[..., None] * strands[None, :, None] * HAIR
    picture = own + clothes[..., None] * cloth + neck[..., None] * skin + backdrop[..., None] * BEHIND
    picture = picture.astype(np.float32)
    parts = HeadParts(hair=hair, face=np.zeros_like(hair), neck=neck, clothes=clothes, backdrop=backdrop)
    matte = head_matte(picture, 1 - backdrop, parts)
    ends = np.array([np.flatnonzero(matte.hair[:, x] > 0.5)[-1] for x in range(160, 260)])
    assert np.abs(matte.colour - picture)[neck > 0].max() < 0.01  # no hair is there, nothing changes
    return ends, matte


def test_hair_over_clothes_of_its_colour_ends_strand_by_strand():
    ends, matte = over_clothes(HAIR)
    assert ends.std() > 1.5  # 0 along a straight cut
    assert ends.min() > 300
    assert ends.max() <= 382
    assert matte.hair[100:300, 160:260].min() > 0.98


def test_hair_over_light_clothes_takes_nothing_of_them_along():
    ends, matte = over_clothes(np.array([0.8, 0.8, 0.85], np.float32))
    assert ends.min() > 340
    last = (matte.hair > 0.3) & (np.arange(SIDE)[:, None] > 350)
    assert np.percentile(matte.colour[last], 99) < 0.3  # theirs is .8


def test_the_soft_edge_of_a_face_is_no_hair():
    picture: np.ndarray = np.full((SIDE, SIDE, 3), BEHIND)
    hair, face = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(face, (256, 280), (110, 160), 0, 0, 360, 1.0, -1)
    cv2.ellipse(hair, (256, 200), (150, 150), 0, 180, 360, 1.0, -1)
    picture[hair > 0], picture[face > 0] = HAIR, (0.8, 0.6, 0.5)
    face[:] = cv2.GaussianBlur(face, (0, 0), 5)
    beside = np.minimum(hair, 1 - face)
    zero = np.zeros_like(hair)
    parts = HeadParts(hair=beside, face=face, neck=zero, clothes=zero, backdrop=1 - beside - face)
    matte = head_matte(picture, beside + face, parts)
    assert matte.hair[222:].max() < 0.02  # along cheek and jaw
    assert matte.hair[80:100, 250:262].min() > 0.95


def test_strands_that_only_half_cover_a_pixel_are_kept_as_thin_as_they_are():
    """Hair ends in strands thinner than a pixel: they are neither cut off nor made solid."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    alpha = np.clip(141 - np.hypot(x, y), 0, 1).astype(np.float32)
    spokes = np.cos(np.arctan2(y, x) * 40) > 0.7
    alpha = np.maximum(alpha, np.where(spokes & (np.hypot(x, y) < 165), 0.3, 0)).astype(np.float32)
    picture = (alpha[..., None] * HAIR + (1 - alpha[..., None]) * BEHIND).astype(np.float32)
    coarse = cv2.GaussianBlur((alpha > 0.9).astype(np.float32), (0, 0), 6)
    zero = np.zeros_like(coarse)
    found = head_matte(picture, coarse, HeadParts(hair=coarse, face=zero, neck=zero, clothes=zero, backdrop=1 - coarse))
    middle = cv2.erode((spokes & (np.hypot(x, y) > 146) & (np.hypot(x, y) < 158)).astype(np.uint8), np.ones((3, 3))) > 0
    assert np.count_nonzero(middle) > 200
    assert 0.15 < np.median(found.hair[middle]) < 0.4


def test_a_veil_of_hair_does_not_colour_the_skin_below_it():
    rows = np.arange(SIDE)[:, None]
    hair, neck = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    hair[60:300, 100:260] = 1
    hair[100:300, 260:330] = np.linspace(0.3, 0, 70)  # where the parser is not sure
    neck[100:480, 260:400] = 1 - hair[100:480, 260:400]
    picture = np.where(neck[..., None] > 0.5, np.array([0.8, 0.6, 0.5], np.float32), BEHIND)
    picture = np.where(((hair > 0.5) & (rows < 300))[..., None], HAIR, picture).astype(np.float32)
    zero = np.zeros_like(hair)
    parts = HeadParts(hair=hair, face=zero, neck=neck, clothes=zero, backdrop=1 - hair - neck)
    found = head_matte(picture, hair + neck, parts)
    assert np.abs(found.colour - picture)[110:290, 265:390].max() < 0.01
