"""Head and torso have one light."""

import numpy as np
import pytest

from pipelines.finishing.head import HeadMeasures
from pipelines.finishing.lighting import drawn_side, lighting, relit
from pipelines.matting.head_parser import HeadParts

SIDE = 256
HEAD = HeadMeasures(eyes=(128.0, 110.0), chin=(128.0, 220.0), skull=220.0, top=5.0, width=120.0, roll=0.0, neck=100.0)
FACE = np.zeros((SIDE, SIDE), np.float32)
FACE[40:220, 68:188] = 1
NOTHING = np.zeros_like(FACE)
PARTS = HeadParts(hair=NOTHING, face=FACE, neck=NOTHING, clothes=NOTHING, backdrop=1 - FACE)


def skin(left: float, right: float) -> np.ndarray:
    """A face that gets darker or brighter from its left to its right."""
    across = np.interp(np.arange(SIDE), [68, 188], [left, right]).astype(np.float32)
    return np.ones((SIDE, SIDE, 3), np.float32) * across[None, :, None] * np.array([1, 0.8, 0.7], np.float32)


def test_the_drawn_face_says_where_the_lamp_is():
    assert drawn_side(skin(0.8, 0.5), PARTS, HEAD) < -0.3
    assert drawn_side(skin(0.5, 0.8), PARTS, HEAD) > 0.3
    assert abs(drawn_side(skin(0.6, 0.6), PARTS, HEAD)) < 0.05


def test_a_soft_light_is_the_face_s_own():
    lit = lighting("soft", 0.5)
    assert lit.lamps["right"] > lit.lamps["left"]
    assert lit.shift == 0


@pytest.mark.parametrize(("light", "near", "far"), [("from-left", "left", "right"), ("from-right", "right", "left")])
def test_a_look_s_light_goes_before_the_face_s(light: str, near: str, far: str):
    for side in (-0.6, 0.0, 0.6):
        lit = lighting(light, side)
        assert lit.lamps[near] > 2 * lit.lamps[far]
        assert np.sign(lit.shift) == (-1 if near == "left" else 1) or abs(lit.shift) < 0.15


def test_the_face_is_led_towards_the_lamp():
    even = skin(0.6, 0.6)
    assert drawn_side(relit(even, HEAD, -1.0), PARTS, HEAD) < -0.3
    assert drawn_side(relit(even, HEAD, 1.0), PARTS, HEAD) > 0.3
    assert relit(even, HEAD, 0.05) is even
