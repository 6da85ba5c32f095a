"""A head stands in the picture as photographers have it, whatever its hair, and is never enlarged."""

from dataclasses import replace

import pytest

from pipelines.finishing.composition import CANVAS, HEADROOM, composition
from pipelines.finishing.head import HeadMeasures

HEAD = HeadMeasures(eyes=(512.0, 480.0), chin=(512.0, 890.0), skull=850.0, top=20.0, width=470.0, roll=0.0, neck=400.0)


@pytest.mark.parametrize("top", [-1.0, 0.0, 20.0, 60.0])
@pytest.mark.parametrize("share", [0.425, 0.43, 0.44])
def test_a_portrait_s_head_has_the_share_asked_for(top: float, share: float):
    head = replace(HEAD, top=top)
    place = composition("portrait", share, head)
    with_hair = (head.chin[1] - max(top, -30)) * place.scale / place.size[1]
    without = head.skull * place.scale / place.size[1]
    assert min(without, with_hair) >= 0.38
    assert max(without, with_hair) <= 0.48
    assert place.chin[1] - with_hair * place.size[1] >= 0.8 * HEADROOM * place.size[1]
    eyes = (place.chin[1] - (head.chin[1] - head.eyes[1]) * place.scale) / place.size[1]
    assert 0.3 < eyes < 0.42


@pytest.mark.parametrize("crop", list(CANVAS))
@pytest.mark.parametrize("drawn", [1.0, 0.4])
def test_no_head_is_enlarged(crop: str, drawn: float):
    small = replace(HEAD, **{name: getattr(HEAD, name) * drawn for name in ("skull", "top", "width")})
    small = replace(small, chin=(512, 890 * drawn), eyes=(512, 480 * drawn))
    place = composition(crop, 0.46, small)
    assert place.scale <= 1
    width, height = CANVAS[crop]
    assert abs(place.size[0] / place.size[1] - width / height) < 0.01


def test_a_larger_canvas_where_the_head_has_the_pixels():
    full = composition("portrait", 0.40, HEAD, largest=(1640, 2048))
    assert full.size == (1640, 2048)
    limited = composition("portrait", 0.46, HEAD, largest=(1640, 2048))
    assert limited.scale == 1
    assert 1600 < limited.size[1] < 2048
